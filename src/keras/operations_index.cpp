// x[…]: positions, slices, new axes and an ellipsis, as Python writes them. tf.keras 2.4 to Keras 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

struct Item {
  enum class Kind { kPosition, kSlice, kNewAxis } kind = Kind::kSlice;
  std::optional<int64_t> start;  // a position's too
  std::optional<int64_t> stop;
  int64_t step = 1;
};

// How many elements of an axis a slice takes, and where it begins. Python's slice.indices.
struct Taken {
  int64_t begin = 0;
  int64_t n = kUnknown;
};
Taken taken(const Item& item, int64_t size) {
  if (size == kUnknown) return {};  // the axis may be shorter than the slice
  const auto clipped = [&](int64_t position, int64_t low, int64_t high) {
    return std::clamp(position < 0 ? position + size : position, low, high);
  };
  if (item.step > 0) {
    const int64_t begin = item.start ? clipped(*item.start, 0, size) : 0;
    const int64_t end = item.stop ? clipped(*item.stop, 0, size) : size;
    return {begin, std::max<int64_t>(0, (end - begin + item.step - 1) / item.step)};
  }
  const int64_t begin = item.start ? clipped(*item.start, -1, size - 1) : size - 1;
  const int64_t end = item.stop ? clipped(*item.stop, -1, size - 1) : -1;
  return {begin, std::max<int64_t>(0, (begin - end - item.step - 1) / -item.step)};
}

struct GetItem {
  std::vector<Item> items;
  std::optional<size_t> ellipsis;  // stands before this item

  Shapes infer(const Shapes& in) const {
    Shape out;
    int axis = 0;
    for (const Item& item : expanded(in.at(0).rank())) {
      if (item.kind == Item::Kind::kNewAxis) {
        out.push_back(1);
      } else if (item.kind == Item::Kind::kSlice) {
        out.push_back(taken(item, in[0][axis++]).n);
      } else {
        const int64_t size = in[0][axis++];
        if (size != kUnknown && (*item.start >= size || *item.start < -size))
          throw Error(ErrorCode::kMismatch, "",
                      fmt::format("position {} is outside the {} of axis {}", *item.start, size, axis - 1));
      }
    }
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    std::vector<int64_t> begin;
    std::vector<int64_t> end;
    std::vector<int64_t> strides;
    int64_t begin_mask = 0;
    int64_t end_mask = 0;
    int64_t new_axis_mask = 0;
    int64_t shrink_mask = 0;
    for (const Item& item : expanded(in[0].shape.rank())) {
      const int64_t bit = int64_t{1} << begin.size();
      begin.push_back(item.start.value_or(0));
      end.push_back(item.stop.value_or(0));
      strides.push_back(item.step);
      if (item.kind == Item::Kind::kNewAxis) {
        new_axis_mask |= bit;
      } else if (item.kind == Item::Kind::kPosition) {
        shrink_mask |= bit;
        end.back() = *item.start + 1;
        if (*item.start == -1) end_mask |= bit;
      } else {
        if (!item.start) begin_mask |= bit;
        if (!item.stop) end_mask |= bit;
      }
    }
    return {lowering.named_op(
        "strided_slice", "StridedSlice",
        {in[0], lowering.ints("strided_slice/stack", begin), lowering.ints("strided_slice/stack_1", end),
         lowering.ints("strided_slice/stack_2", strides)},
        {{"Index", DType::kInt32},
         {"begin_mask", begin_mask},
         {"end_mask", end_mask},
         {"ellipsis_mask", int64_t{0}},
         {"new_axis_mask", new_axis_mask},
         {"shrink_axis_mask", shrink_mask}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], list = expanded(in[0].shape().rank())](const Index& o) {
      Index i;
      int out = 0;
      for (const Item& item : list) {
        if (item.kind == Item::Kind::kNewAxis) {
          ++out;
          continue;
        }
        const int64_t size = x.size(i.rank());
        if (item.kind == Item::Kind::kPosition)
          i.push_back(*item.start < 0 ? *item.start + size : *item.start);
        else
          i.push_back(taken(item, size).begin + o[out++] * item.step);
      }
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }

 private:
  // One item for each axis of x, and the new axes.
  [[nodiscard]] std::vector<Item> expanded(int rank) const {
    const auto n = static_cast<int>(
        std::ranges::count_if(items, [](const Item& item) { return item.kind != Item::Kind::kNewAxis; }));
    if (n > rank) throw Error(ErrorCode::kMismatch, "", fmt::format("{} indices for a tensor of {} axes", n, rank));
    std::vector<Item> result = items;
    result.insert(result.begin() + static_cast<std::ptrdiff_t>(ellipsis.value_or(items.size())),
                  static_cast<size_t>(rank - n), Item{});
    return result;
  }
};

std::optional<int64_t> bound(const Config& config, const Json& slice, const char* key) {
  const auto found = slice.find(key);
  if (found == slice.end() || found->is_null()) return {};
  if (!found->is_number_integer())
    config.unsupported(fmt::format("a slice whose {} is {} is not converted", key, found->dump().substr(0, 60)));
  return found->get<int64_t>();
}

std::shared_ptr<const Layer> parse_get_item(OperationCall& call, std::string_view /*name*/) {
  const Config& config = call.config();
  call.operand(0, {"tensor", "x"});
  const Json* key = call.find(1, {"slice_spec", "key"});
  GetItem result;
  Json list = key == nullptr || !key->is_array() ? Json::array({key == nullptr ? Json() : *key}) : *key;
  for (const Json& json : list) {
    if (json.is_null()) {
      result.items.push_back({Item::Kind::kNewAxis, {}, {}, 1});
    } else if (json.is_number_integer()) {
      result.items.push_back({Item::Kind::kPosition, json.get<int64_t>(), {}, 1});
    } else if (json.is_object() && json.contains("class_name") && json.at("class_name") == "__ellipsis__") {
      result.ellipsis = result.items.size();
    } else if (json.is_object() && !json.contains("tensor")) {
      const Json& slice = json.contains("config") ? json.at("config") : json;
      const int64_t step = bound(config, slice, "step").value_or(1);
      if (step == 0) config.fail("a slice with step 0");
      result.items.push_back({Item::Kind::kSlice, bound(config, slice, "start"), bound(config, slice, "stop"), step});
    } else {
      config.unsupported(fmt::format("an index that is {} is not converted", json.dump().substr(0, 60)));
    }
  }
  return make_operation(std::move(result));
}

constexpr OperationSpec kOperations[] = {
    {"GetItem", "__operators__.getitem", parse_get_item},
};

}  // namespace

std::span<const OperationSpec> index_operations() { return kOperations; }

}  // namespace hoarfrost::keras
