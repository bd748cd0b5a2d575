// Select, SelectV2 and ClipByValue.
#include <cstring>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// SelectV2 broadcasts all three. Select wants x and y of one shape, and a condition of that shape, of x's first axis,
// or a scalar.
std::vector<Known> infer_select_v2(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  need_type(node, inputs[0], DType::kBool);
  need_same_type(node, inputs, 1);
  return {of_type(inputs[1].dtype,
                  broadcast_shapes(node, inputs[0].shape, broadcast_shapes(node, inputs[1].shape, inputs[2].shape)))};
}

std::vector<Known> infer_select(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  need_type(node, inputs[0], DType::kBool);
  need_same_type(node, inputs, 1);
  const Shape& condition = inputs[0].shape;
  Shape shape = inputs[1].shape;
  if (!shape.has_rank()) return {of_type(inputs[1].dtype, inputs[2].shape)};
  const auto merge = [&](const Shape& other, int rank) {
    for (int axis = 0; axis < rank; ++axis)
      shape[axis] = merged(node, shape[axis], other[axis], "shapes that agree, a size of");
  };
  if (inputs[2].shape.has_rank()) merge(shape_of_rank(node, inputs, 2, shape.rank()), shape.rank());
  if (condition.has_rank() && condition.rank() > 0) {
    if (condition.rank() != 1 && condition.rank() != shape.rank()) {
      mismatch(node, "expected a condition [{}] or {}, found {}", shape.rank() > 0 ? shape[0] : 1, shape.to_string(),
               condition.to_string());
    }
    if (shape.rank() == 0) mismatch(node, "expected a scalar condition, found {}", condition.to_string());
    merge(condition, condition.rank());
  }
  return {of_type(inputs[1].dtype, shape)};
}

// Row-major strides of a condition that lines up with the output's first axes.
Sizes leading_strides(const Shape& condition, const Shape& output) {
  Sizes strides = strides_of(condition);
  strides.resize(static_cast<size_t>(output.rank()), 0);
  return strides;
}

template <std::vector<Known> (*infer)(const Node&, Knowns), Sizes (*condition_strides)(const Shape&, const Shape&)>
std::vector<Tensor> select(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer(node, known(inputs))[0]);
  const Shape& shape = output.shape();
  const bool* condition = inputs[0].values<bool>().data();
  const std::byte* sources[] = {inputs[2].bytes().data(), inputs[1].bytes().data()};  // y where false
  std::byte* out = output.mutable_bytes().data();
  const size_t n_bytes = dtype_size(output.dtype());
  const std::array<Sizes, 3> strides{condition_strides(inputs[0].shape(), shape),
                                     broadcast_strides(inputs[2].shape(), shape),
                                     broadcast_strides(inputs[1].shape(), shape)};
  for_each_run<3>(shape.sizes(), strides, [&](const auto& offsets, const auto& steps, int64_t n) {
    for (int64_t i = 0; i < n; ++i, out += n_bytes) {
      const size_t which = condition[offsets[0] + i * steps[0]] ? 1 : 0;
      const int64_t at = offsets[which + 1] + i * steps[which + 1];
      std::memcpy(out, sources[which] + at * static_cast<int64_t>(n_bytes), n_bytes);
    }
  });
  return {output};
}

// The bounds are scalars or have the input's shape.
std::vector<Known> infer_clip(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  need_same_type(node, inputs);
  const Shape& shape = inputs[0].shape;
  for (const Known& bound : inputs.subspan(1)) {
    const bool is_known = shape.has_rank() && bound.shape.has_rank();
    if (is_known && bound.shape.rank() != 0 && bound.shape.rank() != shape.rank()) {
      mismatch(node, "expected a bound that is a scalar or {}, found {}", shape.to_string(), bound.shape.to_string());
    }
    for (int axis = 0; is_known && axis < bound.shape.rank(); ++axis) {
      (void)merged(node, shape[axis], bound.shape[axis], "a bound of the input's shape, a size of");
    }
  }
  return infer_as_first(node, inputs);
}

std::vector<Tensor> clip(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_clip(node, known(inputs))[0]);
  with_numbers(node, output.dtype(), [&]<typename T>() {
    const auto x = inputs[0].values<T>();
    const auto low = inputs[1].values<T>();
    const auto high = inputs[2].values<T>();
    const auto out = output.mutable_values<T>();
    const size_t low_step = inputs[1].shape().rank() == 0 ? 0 : 1;
    const size_t high_step = inputs[2].shape().rank() == 0 ? 0 : 1;
    for (size_t i = 0; i < out.size(); ++i) out[i] = std::min(std::max(x[i], low[i * low_step]), high[i * high_step]);
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> select_ops() {
  static constexpr OpSpec kOps[] = {
      {"Select", infer_select, moving_text<select<infer_select, leading_strides>>},
      {"SelectV2", infer_select_v2, moving_text<select<infer_select_v2, broadcast_strides>>},
      {"ClipByValue", infer_clip, through_float<clip>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
