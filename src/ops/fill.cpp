// Values made from a few numbers: Fill, ZerosLike, OnesLike, Range, OneHot.
#include <cmath>
#include <cstring>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

void fill_with(Tensor& output, const Tensor& element) {
  const auto bytes = output.mutable_bytes();
  const auto one = element.bytes();
  for (size_t at = 0; at < bytes.size(); at += one.size()) std::memcpy(bytes.data() + at, one.data(), one.size());
}

std::vector<Known> infer_fill(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  (void)shape_of_rank(node, inputs, 1, 0);
  const auto sizes = partial_integers(node, inputs[0]);
  if (!sizes) return {of_type(inputs[1].dtype, Shape::unknown_rank())};
  for (const int64_t size : *sizes) {
    if (size < 0 && !inputs[0].value.empty()) mismatch(node, "expected sizes of 0 or more, found {}", size);
  }
  return {of_type(inputs[1].dtype, Shape(*sizes))};
}

std::vector<Tensor> fill(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_fill(node, known(inputs))[0]);
  fill_with(output, inputs[1]);
  return {output};
}

std::vector<Known> infer_like(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return infer_as_first(node, inputs);
}

template <int value>
std::vector<Tensor> filled_like(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_like(node, known(inputs))[0]);
  fill_with(output, Tensor::scalar<int32_t>(value).cast(output.dtype()));
  return {output};
}

// ceil(|limit - start| / |delta|), in doubles: TensorFlow 2.15's RangeOp.
int64_t range_size(const Node& node, double start, double limit, double delta) {
  if (delta == 0 || std::isnan(start) || std::isnan(limit) || std::isnan(delta))
    mismatch(node, "its delta is 0 or a value is NaN");
  if (delta > 0 ? start > limit : start < limit)
    mismatch(node, "{} is not reached from {} in steps of {}", limit, start, delta);
  const double size = std::ceil(std::abs((limit - start) / delta));
  if (!(size < static_cast<double>(kMaxOutputBytes))) mismatch(node, "{} elements are too many", size);
  return static_cast<int64_t>(size);
}

std::vector<Known> infer_range(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  need_same_type(node, inputs);
  double values[3];
  for (size_t i = 0; i < 3; ++i) {
    (void)shape_of_rank(node, inputs, i, 0);
    if (inputs[i].value.empty()) return {of_type(inputs[0].dtype, {kUnknown})};
    values[i] = Reader(inputs[i].value)[0];
  }
  return {of_type(inputs[0].dtype, {range_size(node, values[0], values[1], values[2])})};
}

std::vector<Tensor> range(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_range(node, known(inputs))[0]);
  with_type<float, double, int32_t, int64_t>(node, output.dtype(), [&]<typename T>() {
    T value = inputs[0].values<T>()[0];
    const T delta = inputs[2].values<T>()[0];
    const auto out = output.mutable_values<T>();
    for (size_t i = 0; i < out.size(); ++i) {
      out[i] = value;
      if (i + 1 < out.size()) value += delta;  // a running sum, as TensorFlow's
    }
  });
  return {output};
}

// indices, depth, on_value, off_value; the new axis stands at `axis`, -1 being last.
std::vector<Known> infer_one_hot(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 4);
  need_same_type(node, inputs, 2);
  (void)shape_of_rank(node, inputs, 2, 0);
  (void)shape_of_rank(node, inputs, 3, 0);
  const Shape& indices = inputs[0].shape;
  const auto depth = integer(node, inputs[1]);
  if (depth && *depth < 0) mismatch(node, "expected a depth of 0 or more, found {}", *depth);
  if (!indices.has_rank()) return {of_type(inputs[2].dtype, indices)};
  Sizes sizes = indices.sizes();
  const int axis = normalized_axis(node, node.get_or<int64_t>("axis", -1), indices.rank() + 1);
  sizes.insert(sizes.begin() + axis, depth.value_or(kUnknown));
  return {of_type(inputs[2].dtype, Shape(sizes))};
}

// An index outside [0, depth) leaves its row off.
std::vector<Tensor> one_hot(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_one_hot(node, all)[0]);
  fill_with(output, inputs[3]);
  const auto axis = static_cast<size_t>(normalized_axis(node, node.get_or<int64_t>("axis", -1), output.shape().rank()));
  const int64_t depth = output.shape().sizes()[axis];
  const int64_t stride = strides_of(output.shape())[axis];
  const auto indices = *integers(node, all[0]);
  const auto on = inputs[2].bytes();
  for (size_t i = 0; i < indices.size(); ++i) {
    if (indices[i] < 0 || indices[i] >= depth) continue;
    const auto row = static_cast<int64_t>(i);
    const int64_t at = (row / stride * depth + indices[i]) * stride + row % stride;
    std::memcpy(output.mutable_bytes().data() + at * static_cast<int64_t>(on.size()), on.data(), on.size());
  }
  return {output};
}

}  // namespace

std::span<const OpSpec> fill_ops() {
  static constexpr OpSpec kOps[] = {
      {"Fill", infer_fill, fill},
      {"ZerosLike", infer_like, filled_like<0>},
      {"OnesLike", infer_like, filled_like<1>},
      {"Range", infer_range, range},
      {"OneHot", infer_one_hot, one_hot},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
