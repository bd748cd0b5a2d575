// x[…]: positions, slices, new axes and an ellipsis, as Python writes them; positions and bounds may be tensors, single
// whole numbers. tf.keras 2.4 to Keras 3.15.
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
  // The operands that are start and stop, where the running graph alone knows them.
  std::optional<size_t> start_operand = {};
  std::optional<size_t> stop_operand = {};

  [[nodiscard]] bool is_computed() const { return start_operand || stop_operand; }
};

// How many elements of an axis a slice takes, and where it begins. Python's slice.indices.
struct Taken {
  int64_t begin = 0;
  int64_t n = kUnknown;
};
Taken taken(const Item& item, int64_t size) {
  if (size == kUnknown || item.is_computed()) return {};  // the axis may be shorter than the slice
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
        if (size != kUnknown && item.start && (*item.start >= size || *item.start < -size))
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
    std::vector<std::optional<Value>> begin_values;
    std::vector<std::optional<Value>> end_values;
    int64_t begin_mask = 0;
    int64_t end_mask = 0;
    int64_t new_axis_mask = 0;
    int64_t shrink_mask = 0;
    for (const Item& item : expanded(in[0].shape.rank())) {
      const int64_t bit = int64_t{1} << begin.size();
      begin.push_back(item.start.value_or(0));
      end.push_back(item.stop.value_or(0));
      begin_values.push_back(item.start_operand ? std::optional(in.at(*item.start_operand)) : std::nullopt);
      end_values.push_back(item.stop_operand ? std::optional(in.at(*item.stop_operand)) : std::nullopt);
      strides.push_back(item.step);
      if (item.kind == Item::Kind::kNewAxis) {
        new_axis_mask |= bit;
      } else if (item.kind == Item::Kind::kPosition) {
        shrink_mask |= bit;
        if (item.start) end.back() = *item.start + 1;
        // TensorFlow reads no end of a position.
        if (!item.start || *item.start == -1) end_mask |= bit;
      } else {
        if (!item.start && !item.start_operand) begin_mask |= bit;
        if (!item.stop && !item.stop_operand) end_mask |= bit;
      }
    }
    return {lowering.named_op(
        "strided_slice", "StridedSlice",
        {in[0], bounds(lowering, "strided_slice/stack", begin, begin_values),
         bounds(lowering, "strided_slice/stack_1", end, end_values), lowering.ints("strided_slice/stack_2", strides)},
        {{"Index", DType::kInt32},
         {"begin_mask", begin_mask},
         {"end_mask", end_mask},
         {"ellipsis_mask", int64_t{0}},
         {"new_axis_mask", new_axis_mask},
         {"shrink_axis_mask", shrink_mask}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    GetItem known = *this;
    for (Item& item : known.items) {
      if (item.start_operand) item.start = static_cast<int64_t>(in.at(*item.start_operand).at_offset(0));
      if (item.stop_operand) item.stop = static_cast<int64_t>(in.at(*item.stop_operand).at_offset(0));
      item.start_operand = item.stop_operand = {};
    }
    const auto at = [x = in[0], list = known.expanded(in[0].shape().rank())](const Index& o) {
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
    return {{known.infer({in[0].shape()})[0], at, 0}};
  }

 private:
  // An int32 vector, of constants and of those that the graph computes.
  static Value bounds(Lowering& lowering, const std::string& name, const std::vector<int64_t>& constants,
                      const std::vector<std::optional<Value>>& values) {
    if (std::ranges::none_of(values, [](const auto& value) { return value.has_value(); }))
      return lowering.ints(name, constants);
    Values parts;
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] && values[i]->shape.rank() != 0)
        throw Error(ErrorCode::kUnsupported, "",
                    fmt::format("a position or bound that is a tensor of {} is not converted; single numbers are",
                                values[i]->shape.to_string()));
      parts.push_back(values[i] ? cast_to(lowering, *values[i], DType::kInt32)
                                : lowering.int_scalar(name + "/0", constants[i]));
    }
    return lowering.raw_op(name, "Pack", parts, DType::kInt32,
                           {{"T", DType::kInt32}, {"N", static_cast<int64_t>(parts.size())}, {"axis", int64_t{0}}});
  }

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

bool is_tensor(const Json& json) { return json.is_object() && json.size() == 1 && json.contains("tensor"); }

std::optional<int64_t> bound(const Config& config, const Json& slice, const char* key) {
  const auto found = slice.find(key);
  if (found == slice.end() || found->is_null() || is_tensor(*found)) return {};
  if (!found->is_number_integer())
    config.unsupported(fmt::format("a slice whose {} is {} is not converted", key, found->dump().substr(0, 60)));
  return found->get<int64_t>();
}

// The operand that the bound is, where it is a tensor.
std::optional<size_t> computed_bound(OperationCall& call, const Json& json) {
  if (!is_tensor(json)) return {};
  call.add(json);
  return call.all().size() - 1;
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
    } else if (is_tensor(json)) {
      result.items.push_back({Item::Kind::kPosition, {}, {}, 1, computed_bound(call, json), {}});
    } else if (json.is_object()) {
      const Json& slice = json.contains("config") ? json.at("config") : json;
      const int64_t step = bound(config, slice, "step").value_or(1);
      if (step == 0) config.fail("a slice with step 0");
      if (is_tensor(slice.value("step", Json()))) config.unsupported("a slice whose step is a tensor is not converted");
      result.items.push_back({Item::Kind::kSlice, bound(config, slice, "start"), bound(config, slice, "stop"), step,
                              computed_bound(call, slice.value("start", Json())),
                              computed_bound(call, slice.value("stop", Json()))});
    } else {
      config.unsupported(fmt::format("an index that is {} is not converted", json.dump().substr(0, 60)));
    }
  }
  return make_operation(std::move(result));
}

// tf.strided_slice: the same by lists of begins, ends and strides, whose masks are numbers of bits.
std::shared_ptr<const Layer> parse_strided_slice(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"input_"});
  const auto begin = call.integers(1, {"begin"}).value_or(std::vector<int64_t>{});
  const auto end = call.integers(2, {"end"}).value_or(std::vector<int64_t>{});
  const auto strides = call.integers(3, {"strides"}).value_or(std::vector<int64_t>(begin.size(), 1));
  if (begin.empty() || begin.size() > 16 || end.size() != begin.size() || strides.size() != begin.size())
    call.config().unsupported("strided_slice with these begins, ends and strides is not converted");
  const auto begin_mask = call.integer(4, {"begin_mask"}).value_or(0),
             end_mask = call.integer(5, {"end_mask"}).value_or(0),
             ellipsis_mask = call.integer(6, {"ellipsis_mask"}).value_or(0),
             new_axis_mask = call.integer(7, {"new_axis_mask"}).value_or(0),
             shrink_mask = call.integer(8, {"shrink_axis_mask"}).value_or(0);
  GetItem result;
  for (size_t i = 0; i < begin.size(); ++i) {
    const int64_t bit = int64_t{1} << i;
    if (strides[i] == 0) call.config().fail("a slice with step 0");
    if ((ellipsis_mask & bit) != 0)
      result.ellipsis = result.items.size();
    else if ((new_axis_mask & bit) != 0)
      result.items.push_back({Item::Kind::kNewAxis, {}, {}, 1});
    else if ((shrink_mask & bit) != 0)
      result.items.push_back({Item::Kind::kPosition, begin[i], {}, 1});
    else
      result.items.push_back({Item::Kind::kSlice, (begin_mask & bit) != 0 ? std::nullopt : std::optional(begin[i]),
                              (end_mask & bit) != 0 ? std::nullopt : std::optional(end[i]), strides[i]});
  }
  return make_operation(std::move(result));
}

}  // namespace

std::span<const OperationSpec> index_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"StridedSlice", "strided_slice compat.v1.strided_slice", parse_strided_slice},
      {"GetItem", "__operators__.getitem", parse_get_item},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
