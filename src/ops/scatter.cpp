// UnsortedSegmentSum: rows added where their indices say: the gradient of a Gather (TensorFlow 2.15's
// unsorted_segment_sum). A negative index drops its row.
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

constexpr OpSpec kOps[] = {
    {"UnsortedSegmentSum", infer_segment_sum, segment_sum},
};

}  // namespace

std::span<const OpSpec> scatter_ops() { return kOps; }

}  // namespace hoarfrost::ops
