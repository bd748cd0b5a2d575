#include "keras/slicing.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::keras {

Value strided_slice(Lowering& lowering, const Value& x, const Slicing& slicing, std::string_view name) {
  const std::vector<int64_t> ones(slicing.begin.size(), 1);
  const std::string stack = fmt::format("{}/stack", name);
  return lowering.raw_op(name, "StridedSlice",
                         {x, lowering.ints(stack, slicing.begin), lowering.ints(stack + "_1", slicing.end),
                          lowering.ints(stack + "_2", ones)},
                         x.dtype,
                         {{"T", x.dtype},
                          {"Index", DType::kInt32},
                          {"begin_mask", slicing.begin_mask},
                          {"end_mask", slicing.end_mask},
                          {"ellipsis_mask", int64_t{0}},
                          {"new_axis_mask", int64_t{0}},
                          {"shrink_axis_mask", slicing.shrink_mask}});
}

Value size_of(Lowering& lowering, const Value& x, int axis) {
  const Value shape =
      lowering.raw_op("Shape", "Shape", {x}, DType::kInt32, {{"T", x.dtype}, {"out_type", DType::kInt32}});
  return strided_slice(lowering, shape, {.begin = {axis}, .end = {axis + 1}, .shrink_mask = 1});
}

Value reshape_keeping_batch(Lowering& lowering, const Value& x, const Value& like, const Shape& target,
                            std::string_view name) {
  const std::string shape_name = fmt::format("{}/shape", name);
  const auto n_unknown = std::ranges::count(target.sizes(), kUnknown);
  Value shape;
  if (n_unknown <= 1) {
    shape = lowering.ints(shape_name, target.sizes());
  } else if (n_unknown == 2 && target[0] == kUnknown) {
    std::vector<Value> sizes{size_of(lowering, like, 0)};
    for (int axis = 1; axis < target.rank(); ++axis) {
      sizes.push_back(lowering.int_scalar(fmt::format("{}/{}", shape_name, axis), target[axis]));
    }
    shape = lowering.raw_op(shape_name, "Pack", sizes, DType::kInt32,
                            {{"T", DType::kInt32}, {"N", static_cast<int64_t>(sizes.size())}, {"axis", int64_t{0}}});
  } else {
    throw Error(ErrorCode::kUnsupported, lowering.scope(),
                fmt::format("cannot reshape {} to {}: more than one size is unknown; give --input-shape",
                            x.shape.to_string(), target.to_string()));
  }
  Value result = lowering.named_op(name, "Reshape", {x, shape}, {{"Tshape", DType::kInt32}});
  result.shape = target;
  return result;
}

}  // namespace hoarfrost::keras
