// ScatterNd: slices put into zeros, those of one place added up. An index outside is an error, as on TensorFlow's CPU.
// UnsortedSegmentSum: rows added where their indices say: the gradient of a Gather (TensorFlow 2.15's
// unsorted_segment_sum). A negative index drops its row.
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_segment_sum(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  const Shape& data = inputs[0].shape;
  const Shape& ids = inputs[1].shape;
  const auto n_segments = integer(node, inputs[2]);
  if (n_segments && *n_segments < 0) mismatch(node, "expected 0 segments or more, found {}", *n_segments);
  if (!data.has_rank() || !ids.has_rank()) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  if (ids.rank() > data.rank())
    mismatch(node, "expected data {} to begin as ids {}", data.to_string(), ids.to_string());
  for (int axis = 0; axis < ids.rank(); ++axis)
    (void)merged(node, ids[axis], data[axis], "data that begins as ids, with");
  Shape result{n_segments.value_or(kUnknown)};
  for (int axis = ids.rank(); axis < data.rank(); ++axis) result.push_back(data[axis]);
  return {of_type(inputs[0].dtype, result)};
}

std::vector<Tensor> segment_sum(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_segment_sum(node, all)[0]);
  const auto ids = *integers(node, all[1]);
  const int64_t n_segments = output.shape()[0];
  if (ids.empty() || output.n_elements() == 0) return {output};
  const int64_t row = output.n_elements() / n_segments;
  with_numbers(node, output.dtype(), [&]<typename T>() {
    const T* data = inputs[0].values<T>().data();
    std::vector<Sum<T>> sums(static_cast<size_t>(output.n_elements()), Sum<T>{0});
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0) continue;
      if (ids[i] >= n_segments) mismatch(node, "id {} is none of {} segments", ids[i], n_segments);
      for (int64_t j = 0; j < row; ++j) {
        Sum<T>& sum = sums[static_cast<size_t>(ids[i] * row + j)];
        sum = static_cast<Sum<T>>(sum + static_cast<Sum<T>>(data[static_cast<int64_t>(i) * row + j]));
      }
    }
    std::ranges::transform(sums, output.mutable_values<T>().begin(), [](Sum<T> sum) { return static_cast<T>(sum); });
  });
  return {output};
}

// indices[…, k] name slices of the output, whose sizes the third input holds.
std::vector<Known> infer_scatter_nd(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  const auto sizes = integers(node, inputs[2]);
  if (!sizes && inputs[2].sizes.empty()) {
    const bool has_rank = inputs[2].shape.has_rank() && inputs[2].shape.rank() == 1 && inputs[2].shape[0] >= 0;
    return {of_type(inputs[1].dtype, has_rank ? Shape(Sizes(static_cast<size_t>(inputs[2].shape[0]), kUnknown))
                                              : Shape::unknown_rank())};
  }
  const Shape out(sizes ? *sizes : inputs[2].sizes);
  const Shape& indices = inputs[0].shape;
  const Shape& updates = inputs[1].shape;
  if (std::ranges::any_of(out.sizes(), [](int64_t size) { return size < kUnknown; }))
    mismatch(node, "expected sizes of 0 or more, found {}", out.to_string());
  if (!indices.has_rank() || !updates.has_rank()) return {of_type(inputs[1].dtype, out)};
  if (indices.rank() < 1 || indices.last() > out.rank())
    mismatch(node, "expected indices of at most {} numbers, found {}", out.rank(), indices.to_string());
  if (indices.last() < 0) return {of_type(inputs[1].dtype, out)};
  Shape wanted(Sizes(indices.sizes().begin(), indices.sizes().end() - 1));
  for (int axis = static_cast<int>(indices.last()); axis < out.rank(); ++axis) wanted.push_back(out[axis]);
  bool fits = wanted.rank() == updates.rank();
  for (int axis = 0; fits && axis < wanted.rank(); ++axis) fits = may_equal(wanted[axis], updates[axis]);
  if (!fits) mismatch(node, "expected updates of {}, found {}", wanted.to_string(), updates.to_string());
  return {of_type(inputs[1].dtype, out)};
}

std::vector<Tensor> scatter_nd(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_scatter_nd(node, all)[0]);
  const auto indices = *integers(node, all[0]);
  const int64_t depth = inputs[0].shape().last();
  const int64_t n = depth > 0 ? static_cast<int64_t>(indices.size()) / depth : 0;
  int64_t row = 1;
  for (int axis = static_cast<int>(depth); axis < output.shape().rank(); ++axis) row *= output.shape()[axis];
  with_numbers(node, output.dtype(), [&]<typename T>() {
    const T* from = inputs[1].values<T>().data();
    std::vector<Sum<T>> sums(static_cast<size_t>(output.n_elements()), Sum<T>{0});
    for (int64_t i = 0; i < n; ++i) {
      int64_t place = 0;
      for (int64_t k = 0; k < depth; ++k) {
        const int64_t index = indices[static_cast<size_t>(i * depth + k)], size = output.shape()[static_cast<int>(k)];
        if (index < 0 || index >= size)
          fail(ErrorCode::kInvalidArgument, node, fmt::format("index {} lies outside an axis of size {}", index, size));
        place = place * size + index;
      }
      for (int64_t j = 0; j < row; ++j) {
        Sum<T>& sum = sums[static_cast<size_t>(place * row + j)];
        sum = static_cast<Sum<T>>(sum + static_cast<Sum<T>>(from[i * row + j]));
      }
    }
    std::ranges::transform(sums, output.mutable_values<T>().begin(), [](Sum<T> sum) { return static_cast<T>(sum); });
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> scatter_ops() {
  static constexpr OpSpec kOps[] = {
      {"ScatterNd", infer_scatter_nd, through_float<scatter_nd>},
      {"UnsortedSegmentSum", infer_segment_sum, segment_sum},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
