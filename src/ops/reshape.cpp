// The same values under another shape (Reshape, Squeeze, ExpandDims), and what a shape says (Shape, Size, Rank).
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// Product of the known sizes, and how many are not.
std::pair<int64_t, int> known_product(const Node& node, const std::vector<int64_t>& sizes) {
  int64_t known_part = 1;
  int n_unknown = 0;
  for (const int64_t size : sizes) {
    if (size < 0)
      ++n_unknown;
    else
      known_part = product(node, known_part, size);
  }
  return {known_part, n_unknown};
}

// Fills in the one size of `wanted` that is -1, when the input tells it.
void resolve(const Node& node, const Shape& input, std::vector<int64_t>& wanted) {
  if (!input.has_rank()) return;
  const auto [have, n_open] = known_product(node, input.sizes());
  const auto [want, n_wanted] = known_product(node, wanted);
  if (n_open > 0) return;
  const bool fits = n_wanted == 0 ? want == have : want == 0 ? have == 0 : have % want == 0;
  if (!fits) {
    mismatch(node, "expected a shape of {} elements for the input {}, found {}", have, input.to_string(),
             Shape(wanted).to_string());
  }
  if (n_wanted != 1) return;
  if (want == 0) mismatch(node, "a size of -1 cannot be told beside a size of 0, in {}", Shape(wanted).to_string());
  *std::ranges::find_if(wanted, [](int64_t size) { return size < 0; }) = have / want;
}

Known seen_as(const Known& input, Shape shape) {
  Known result = of_type(input.dtype, std::move(shape));
  if (!input.value.empty() && result.shape.is_static()) result.value = input.value.reshaped(result.shape);
  if (result.shape.has_rank() && result.shape.rank() <= 1) result.sizes = input.sizes;
  return result;
}

std::vector<Known> infer_reshape(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto wanted = partial_integers(node, inputs[1]);
  if (!wanted) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  std::vector<int64_t> sizes = *wanted;
  int n_minus_one = 0;
  for (const int64_t size : sizes) {
    if (size < -1) mismatch(node, "expected sizes of -1 or more, found {}", size);
    n_minus_one += size == -1 ? 1 : 0;
  }
  if (n_minus_one > 1 && !inputs[1].value.empty()) mismatch(node, "expected one size of -1, found {}", n_minus_one);
  resolve(node, inputs[0].shape, sizes);
  return {seen_as(inputs[0], Shape(std::move(sizes)))};
}

std::vector<Known> infer_squeeze(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = inputs[0].shape;
  if (!shape.has_rank()) return {of_type(inputs[0].dtype, shape)};
  auto axes = int_list(node, "squeeze_dims");
  if (axes.empty()) axes = int_list(node, "axis");
  std::vector<bool> is_dropped(static_cast<size_t>(shape.rank()), false);
  for (const int64_t axis : axes) is_dropped[static_cast<size_t>(normalized_axis(node, axis, shape.rank()))] = true;
  Shape result;
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const bool drop = is_dropped[static_cast<size_t>(axis)];
    if (drop && !may_equal(shape[axis], 1))
      mismatch(node, "expected a size of 1 at axis {}, found {}", axis, shape.to_string());
    if (axes.empty() && shape[axis] < 0) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
    if (!drop && !(axes.empty() && shape[axis] == 1)) result.push_back(shape[axis]);
  }
  return {seen_as(inputs[0], result)};
}

std::vector<Known> infer_expand_dims(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto axis = integer(node, inputs[1]);
  const Shape& shape = inputs[0].shape;
  if (!shape.has_rank()) return {of_type(inputs[0].dtype, shape)};
  std::vector<int64_t> sizes = shape.sizes();
  if (!axis) return {of_type(inputs[0].dtype, Shape(std::vector<int64_t>(sizes.size() + 1, kUnknown)))};
  sizes.insert(sizes.begin() + normalized_axis(node, *axis, shape.rank() + 1), 1);
  return {seen_as(inputs[0], Shape(std::move(sizes)))};
}

template <std::vector<Known> (*infer)(const Node&, Knowns)>
std::vector<Tensor> reshaped(const Node& node, Tensors inputs) {
  const Shape shape = infer(node, known(inputs))[0].shape;
  return {inputs[0].reshaped(shape)};
}

// A tensor of out_type (int32 unless the node says int64).
Tensor integer_tensor(const Node& node, Shape shape, const std::vector<int64_t>& values) {
  const DType dtype = node.get_or<DType>("out_type", DType::kInt32);
  if (dtype != DType::kInt32 && dtype != DType::kInt64)
    unsupported(node, "expected out_type int32 or int64, found {}", dtype_name(dtype));
  for (const int64_t value : values) {
    if (dtype == DType::kInt32 && value > INT32_MAX) mismatch(node, "{} does not fit int32", value);
  }
  return Tensor::of<int64_t>(std::move(shape), values).cast(dtype);
}

std::vector<Known> infer_shape(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Shape& shape = inputs[0].shape;
  const DType dtype = node.get_or<DType>("out_type", DType::kInt32);
  if (!shape.has_rank()) return {of_type(dtype, {kUnknown})};
  Known result = of_type(dtype, {shape.rank()});
  if (shape.is_static())
    result.value = integer_tensor(node, result.shape, shape.sizes());
  else
    result.sizes = shape.sizes();
  return {result};
}

std::vector<Known> infer_shape_n(const Node& node, Knowns inputs) {
  std::vector<Known> result;
  for (size_t i = 0; i < inputs.size(); ++i) result.push_back(infer_shape(node, inputs.subspan(i, 1))[0]);
  return result;
}

std::vector<Known> infer_size(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  Known result = of_type(node.get_or<DType>("out_type", DType::kInt32), {});
  if (inputs[0].shape.is_static()) result.value = integer_tensor(node, {}, {inputs[0].shape.n_elements()});
  return {result};
}

std::vector<Known> infer_rank(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  Known result = of_type(DType::kInt32, {});
  if (inputs[0].shape.has_rank()) result.value = Tensor::scalar<int32_t>(inputs[0].shape.rank());
  return {result};
}

// For ops whose value follows from the shapes: infer says it.
template <std::vector<Known> (*infer)(const Node&, Knowns)>
std::vector<Tensor> inferred_value(const Node& node, Tensors inputs) {
  std::vector<Tensor> result;
  for (const Known& output : infer(node, known(inputs))) result.push_back(output.value);
  return result;
}

}  // namespace

std::span<const OpSpec> reshape_ops() {
  static constexpr OpSpec kOps[] = {
      {"Reshape", infer_reshape, reshaped<infer_reshape>},
      {"Squeeze", infer_squeeze, reshaped<infer_squeeze>},
      {"ExpandDims", infer_expand_dims, reshaped<infer_expand_dims>},
      {"Shape", infer_shape, inferred_value<infer_shape>},
      {"ShapeN", infer_shape_n, inferred_value<infer_shape_n>},
      {"Size", infer_size, inferred_value<infer_size>},
      {"Rank", infer_rank, inferred_value<infer_rank>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
