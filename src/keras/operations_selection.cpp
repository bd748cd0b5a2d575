// Operations that pick elements: the largest ones, a part by its place and size.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>

#include "keras/axes.h"
#include "keras/lowering.h"
#include "keras/operation.h"

namespace hoarfrost::keras {
namespace {

// The k largest along the last axis and where they stand, the largest first; of equal ones the first (tf.math.top_k of
// TensorFlow 2.15).
struct TopK {
  int64_t k;

  Shapes infer(const Shapes& in) const {
    Shape out = in.at(0);
    if (out.rank() < 1 || (out.last() != kUnknown && out.last() < k))
      throw Error(ErrorCode::kMismatch, "", fmt::format("the {} largest of {}", k, out.to_string()));
    out[-1] = k;
    return {out, out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Value first = lowering.raw_op("TopKV2", "TopKV2", {in[0], lowering.int_scalar("TopKV2/k", k)}, in[0].dtype,
                                        {{"T", in[0].dtype}, {"sorted", true}});
    return {first, {first.tensor.node->output(1), DType::kInt32}};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const Shape out = infer({in[0].shape()})[0];
    const auto place = [x = in[0]](const Index& o) {
      // Element j is the o[-1]-th when as many stand before it.
      for (int64_t j = 0; j < x.shape().last(); ++j) {
        const double value = x[o.with(-1, j)];
        int64_t n_before = 0;
        for (int64_t i = 0; i < x.shape().last(); ++i) {
          const double other = x[o.with(-1, i)];
          n_before += other > value || (other == value && i < j) ? 1 : 0;
        }
        if (n_before == o[-1]) return j;
      }
      return int64_t{0};  // among NaNs
    };
    const auto value = [x = in[0], place](const Index& o) { return x[o.with(-1, place(o))]; };
    const auto n = static_cast<double>(in[0].shape().last());
    return {{out, value, n * n}, {out, [place](const Index& o) { return static_cast<double>(place(o)); }, n * n}};
  }
};
std::shared_ptr<const Layer> parse_top_k(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "input"});
  const auto k = call.integer(call.is_keras3() ? 9 : 1, {"k"}).value_or(1);
  if (k < 0 || k > (1 << 24)) call.config().fail(fmt::format("top_k of {}", k));
  if (!call.flag(call.is_keras3() ? 9 : 2, {"sorted"}, true))
    call.config().unsupported("top_k without sorting, whose order is not told, is not converted");
  (void)call.text(9, {"index_type"}, "");
  return make_operation(TopK{k});
}

// `size` elements of each axis from `begin` on; −1: all that are left.
struct Slice {
  std::vector<int64_t> begin;
  std::vector<int64_t> size;

  Shapes infer(const Shapes& in) const {
    if (static_cast<int>(begin.size()) != in.at(0).rank() || size.size() != begin.size())
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("a slice of {} axes does not fit {}", begin.size(), in[0].to_string()));
    Shape out;
    for (int axis = 0; axis < in[0].rank(); ++axis) {
      const int64_t n = in[0][axis], from = begin[static_cast<size_t>(axis)], asked = size[static_cast<size_t>(axis)];
      if (n != kUnknown && (from > n || from + std::max<int64_t>(asked, 0) > n))
        throw Error(ErrorCode::kMismatch, "", fmt::format("{} elements from {} on are not in the {}", asked, from, n));
      out.push_back(asked >= 0 ? asked : n == kUnknown ? kUnknown : n - from);
    }
    return {out};
  }

  Values lower(Lowering& lowering, const Values& in) const {
    return {lowering.op("Slice", {in[0], lowering.ints("Slice/begin", begin), lowering.ints("Slice/size", size)},
                        {{"Index", DType::kInt32}})};
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0], from = begin](const Index& o) {
      Index i = o;
      for (int axis = 0; axis < o.rank(); ++axis) i[axis] += from[static_cast<size_t>(axis)];
      return x[i];
    };
    return {{infer({in[0].shape()})[0], at, 0}};
  }
};
std::shared_ptr<const Layer> parse_slice(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"inputs", "input_"});
  const auto begin = call.integers(1, {"start_indices", "begin"});
  const auto size = call.integers(2, {"shape", "size"});
  if (!begin || !size) call.config().fail("slice does not say from where on, or how many");
  if (std::ranges::any_of(*begin, [](int64_t i) { return i < 0; }) ||
      std::ranges::any_of(*size, [](int64_t n) { return n < -1; }))
    call.config().fail("slice from before the first element, or of less than none");
  return make_operation(Slice{*begin, *size});
}

// tf.ensure_shape: x, whose sizes are these.
struct Ensured {
  Shape sizes;
  Shapes infer(const Shapes& in) const {
    Shape out = in.at(0);
    bool fits = out.rank() == sizes.rank();
    for (int axis = 0; fits && axis < out.rank(); ++axis) {
      fits = out[axis] == kUnknown || sizes[axis] == kUnknown || out[axis] == sizes[axis];
      if (out[axis] == kUnknown) out[axis] = sizes[axis];
    }
    if (!fits)
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected a shape of {}, found {}", sizes.to_string(), in[0].to_string()));
    return {out};
  }
  Values lower(Lowering& /*lowering*/, const Values& in) const { return {in[0]}; }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    return {{in[0].shape(), [x = in[0]](const Index& o) { return x[o]; }, 0}};
  }
};
std::shared_ptr<const Layer> parse_ensured(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x"});
  const Json* sizes = call.find(1, {"shape"});
  if (sizes == nullptr || !sizes->is_array()) call.config().unsupported("ensure_shape without a list is not converted");
  Ensured result;
  for (const Json& size : *sizes) {
    if (!size.is_null() && !size.is_number_integer())
      call.config().unsupported(fmt::format("a shape with {} is not converted", size.dump().substr(0, 60)));
    result.sizes.push_back(size.is_null() ? kUnknown : size.get<int64_t>());
  }
  return make_operation(std::move(result));
}

struct Where {
  Shapes infer(const Shapes& in) const { return {broadcast(in.at(0), broadcast(in.at(1), in.at(2)))}; }
  Values lower(Lowering& lowering, const Values& in) const {
    const DType dtype = promoted(in[1].dtype, in[2].dtype);
    const Value a = cast_to(lowering, in[1], dtype);
    const Value b = cast_to(lowering, in[2], dtype);
    Value result =
        lowering.raw_op("SelectV2", "SelectV2", {cast_to(lowering, in[0], DType::kBool), a, b}, dtype, {{"T", dtype}});
    return {result};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [c = in[0], a = in[1], b = in[2]](const Index& o) {
      return broadcast_element(broadcast_element(c, o) != 0 ? a : b, o);
    };
    return {{broadcast(in[0].shape(), broadcast(in[1].shape(), in[2].shape())), at, 1}};
  }
};
std::shared_ptr<const Layer> parse_where(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"condition"});
  call.operand(1, {"x1", "x"});
  call.operand(2, {"x2", "y"});
  return make_operation(Where{});
}

}  // namespace

std::span<const OperationSpec> selection_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"TopK", "math.top_k nn.top_k compat.v1.nn.top_k", parse_top_k},
      {"Slice", "slice", parse_slice},
      {"Where", "where", parse_where},
      {"EnsureShape", "ensure_shape", parse_ensured},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
