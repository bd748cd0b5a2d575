// Operations whose sizes the call says, and not their operand: broadcasting, equal numbers, numbers in a row.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/sizes.h"

namespace hoarfrost::keras {
namespace {

// Repeated along axes of size one, or new ones before the others.
struct BroadcastTo {
  Sizes sizes;
  Shapes infer(const Shapes& in) const {
    Shape out = shape_of_sizes(sizes);
    for (int axis = 1; axis <= out.rank(); ++axis) {
      const auto& size = sizes[sizes.size() - static_cast<size_t>(axis)];
      if (size == kUnknown && axis <= in.at(0).rank()) out[-axis] = in[0][-axis];
    }
    if (in.size() > 1) return {out};
    if (broadcast(in.at(0), out).rank() != out.rank())
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("{} cannot be broadcast to {}", in[0].to_string(), out.to_string()));
    return {out};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    Sizes wanted = sizes;
    const Shape out = in.size() > 1 ? shape_of_sizes(sizes) : infer({in[0].shape})[0];
    for (size_t axis = 0; axis < wanted.size(); ++axis) {
      if (wanted[axis]) wanted[axis] = out[static_cast<int>(axis)];
      if (wanted[axis] == kUnknown)
        throw Error(ErrorCode::kUnsupported, "",
                    "a broadcast to sizes that are not known is not converted; give --input-shape");
    }
    return {lowering.op("BroadcastTo", {in[0], lower_sizes(lowering, wanted, in, 1, "BroadcastTo/shape")},
                        {{"Tidx", DType::kInt32}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const auto at = [x = in[0]](const Index& o) {
      Index i;
      const int rank = x.shape().rank();
      for (int axis = 0; axis < rank; ++axis) i.push_back(x.size(axis) == 1 ? 0 : o[axis - rank]);
      return x[i];
    };
    return {{in.size() > 1 ? known_sizes(sizes, in, 1) : infer({in[0].shape()})[0], at, 0}};
  }
};
std::shared_ptr<const Layer> parse_broadcast_to(OperationCall& call, std::string_view /*name*/) {
  call.operand(0, {"x", "input"});
  return make_operation(BroadcastTo{parse_sizes(call, call.is_keras3() ? 9 : 1, {"shape"})});
}

// As many equal numbers as the sizes say, of which one at least is a tensor's (tf.fill, tf.zeros, tf.ones).
struct Fill {
  Sizes sizes;
  size_t n_sizes;  // operands that are sizes; behind them the value, where it is one
  std::optional<double> value;
  DType dtype;
  bool is_by_tensor = false;  // the first operand is the whole shape

  Shapes infer(const Shapes& in) const {
    if (!is_by_tensor) return {shape_of_sizes(sizes)};
    if (in.at(0).rank() != 1 || in[0][0] == kUnknown || in[0][0] > 8)
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("as many axes as {} has numbers are not converted", in[0].to_string()));
    return {Shape(std::vector<int64_t>(static_cast<size_t>(in[0][0]), kUnknown))};
  }
  Values lower(Lowering& lowering, const Values& in) const {
    const Value number = value ? lowering.constant("Fill/value", Tensor::scalar(*value).cast(dtype)) : in.at(n_sizes);
    const Value dims =
        is_by_tensor ? cast_to(lowering, in[0], DType::kInt32) : lower_sizes(lowering, sizes, in, 0, "Fill/dims");
    return {lowering.raw_op("Fill", "Fill", {dims, number}, number.dtype, {{"T", number.dtype}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const double number = value ? *value : in.at(n_sizes).at_offset(0);
    Shape out;
    for (int64_t i = 0; is_by_tensor && i < in.at(0).size(0); ++i)
      out.push_back(static_cast<int64_t>(in[0].at_offset(i)));
    return {{is_by_tensor ? out : known_sizes(sizes, in, 0), [number](const Index&) { return number; }, 0}};
  }
};
std::shared_ptr<const Layer> parse_fill(OperationCall& call, std::string_view name) {
  const Json* given = call.find(0, {"dims", "shape"});
  const bool is_by_tensor = given != nullptr && given->is_object() && given->contains("tensor");
  if (is_by_tensor) call.add(*given);
  const Sizes sizes = is_by_tensor ? Sizes() : parse_sizes(call, 0, {"dims", "shape"});
  Fill result{sizes, call.all().size(), {}, DType::kFloat32, is_by_tensor};
  if (name != "Fill") {
    result.value = name == "Ones" ? 1 : 0;
    const auto dtype = dtype_from_name(call.text(1, {"dtype"}, "float32"));
    if (!dtype) call.config().unsupported("zeros or ones of an unknown dtype are not converted");
    result.dtype = *dtype;
    return make_operation(std::move(result));
  }
  const Json* value = call.find(1, {"value"});
  if (value == nullptr) call.config().fail("fill has no value");
  if (value->is_number()) {
    result.value = value->get<double>();
    if (value->is_number_integer()) result.dtype = DType::kInt32;
  } else {
    call.add(*value);
  }
  return make_operation(std::move(result));
}

// start, start + delta, … before limit; whole numbers (tf.range, Keras 3's arange).
struct Range {
  Shapes infer(const Shapes& /*in*/) const { return {Shape{kUnknown}}; }
  Values lower(Lowering& lowering, const Values& in) const {
    DType dtype = DType::kInt32;
    for (const Value& x : in) dtype = promoted(dtype, x.dtype);
    return {lowering.raw_op(
        "range", "Range",
        {cast_to(lowering, in[0], dtype), cast_to(lowering, in[1], dtype), cast_to(lowering, in[2], dtype)}, dtype,
        {{"Tidx", dtype}})};
  }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const {
    const double start = in[0].at_offset(0), limit = in[1].at_offset(0), delta = in[2].at_offset(0);
    const auto n = static_cast<int64_t>(std::max(0.0, std::ceil((limit - start) / delta)));
    return {{Shape{n}, [=](const Index& o) { return start + delta * static_cast<double>(o[0]); }, 0}};
  }
};
std::shared_ptr<const Layer> parse_range(OperationCall& call, std::string_view /*name*/) {
  const bool has_limit = call.find(1, {"limit", "stop"}) != nullptr;
  if (has_limit)
    call.operand(0, {"start"});
  else
    call.add(Json(0));
  call.operand(has_limit ? 1 : 0, {has_limit ? "limit" : "start", has_limit ? "stop" : "limit"});
  if (call.find(2, {"delta", "step"}) != nullptr)
    call.operand(2, {"delta", "step"});
  else
    call.add(Json(1));
  if (call.text(3, {"dtype"}, "int32") != "int32")
    call.config().unsupported("a range of another type than int32 is not converted; cast it");
  return make_operation(Range{});
}

}  // namespace

std::span<const OperationSpec> filling_operations() {
  static constexpr OperationSpec kOperations[] = {
      {"BroadcastTo", "broadcast_to", parse_broadcast_to},
      {"Fill", "fill", parse_fill},
      {"Zeros", "zeros compat.v1.zeros", parse_fill},
      {"Ones", "ones compat.v1.ones", parse_fill},
      {"Arange", "range", parse_range},
  };
  return kOperations;
}

}  // namespace hoarfrost::keras
