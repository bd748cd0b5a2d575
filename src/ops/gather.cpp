// Gather, GatherV2 (axis, batch_dims) and GatherNd: slices picked by index. An index outside is an error, as on
// TensorFlow's CPU.
#include <cstring>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

int64_t batch_dims_of(const Node& node, const Shape& indices) {
  const auto given = node.get_or<int64_t>("batch_dims", 0);
  const int64_t batch_dims = given < 0 ? given + indices.rank() : given;
  if (batch_dims < 0 || batch_dims > indices.rank()) {
    mismatch(node, "expected batch_dims in [0, {}], found {}", indices.rank(), given);
  }
  return batch_dims;
}

// Gather has no axis input: it is 0.
std::optional<int64_t> axis_of(const Node& node, Knowns inputs) {
  return inputs.size() == 3 ? integer(node, inputs[2]) : std::optional<int64_t>(0);
}

// params[: axis] + indices[batch_dims :] + params[axis + 1 :]
std::vector<Known> infer_gather(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), node.op() == "Gather" ? 2 : 3);
  const auto given_axis = axis_of(node, inputs);
  const Shape& params = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  if (!params.has_rank() || !indices.has_rank() || !given_axis)
    return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  const int axis = normalized_axis(node, *given_axis, params.rank());
  const int64_t batch_dims = batch_dims_of(node, indices);
  if (batch_dims > axis) mismatch(node, "expected batch_dims of at most the axis {}, found {}", axis, batch_dims);
  Shape shape;
  for (int i = 0; i < axis; ++i) {
    shape.push_back(i < batch_dims ? merged(node, params[i], indices[i], fmt::format("a batch axis {} of", i))
                                   : params[i]);
  }
  for (int i = static_cast<int>(batch_dims); i < indices.rank(); ++i) shape.push_back(indices[i]);
  for (int i = axis + 1; i < params.rank(); ++i) shape.push_back(params[i]);
  Known result = of_type(inputs[0].dtype, shape);
  const auto at = inputs[0].sizes.empty() ? std::nullopt : integers(node, inputs[1]);
  if (at && at->size() == 1 && params.rank() == 1 && indices.rank() <= 1) {  // one size of a shape
    if (at->front() >= 0 && at->front() < static_cast<int64_t>(inputs[0].sizes.size())) {
      result.sizes = {inputs[0].sizes[static_cast<size_t>(at->front())]};
    }
  }
  return {result};
}

int64_t product_of(const Shape& shape, int begin, int end) {
  int64_t result = 1;
  for (int i = begin; i < end; ++i) result *= shape[i];
  return result;
}

void need_inside(const Node& node, int64_t index, int64_t size) {
  if (index < 0 || index >= size) {
    fail(ErrorCode::kInvalidArgument, node, fmt::format("index {} lies outside an axis of size {}", index, size));
  }
}

// Seen as params [batch, outer, size, inner], indices [batch, n] and output [batch, outer, n, inner].
std::vector<Tensor> gather(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_gather(node, all)[0]);
  const Shape& params = inputs[0].shape();
  const int axis = normalized_axis(node, *axis_of(node, all), params.rank());
  const int batch_dims = static_cast<int>(batch_dims_of(node, inputs[1].shape()));
  const auto indices = *integers(node, all[1]);
  const int64_t n = product_of(inputs[1].shape(), batch_dims, inputs[1].shape().rank());
  const int64_t outer = product_of(params, batch_dims, axis);
  const int64_t n_bytes =
      product_of(params, axis + 1, params.rank()) * static_cast<int64_t>(dtype_size(output.dtype()));
  const std::byte* from = inputs[0].bytes().data();
  std::byte* to = output.mutable_bytes().data();
  for (const int64_t index : indices) need_inside(node, index, params[axis]);
  if (output.n_elements() == 0) return {output};
  for (int64_t row = 0; row < product_of(params, 0, axis); ++row) {
    for (int64_t i = 0; i < n; ++i, to += n_bytes) {
      const int64_t index = indices[static_cast<size_t>(row / outer * n + i)];
      std::memcpy(to, from + (row * params[axis] + index) * n_bytes, static_cast<size_t>(n_bytes));
    }
  }
  return {output};
}

// indices[…, k] name slices params[i0, …, ik-1]: the output is indices[: -1] + params[k :].
std::vector<Known> infer_gather_nd(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  if (node.get_or<int64_t>("batch_dims", 0) != 0) unsupported(node, "batch_dims are not supported");
  const Shape& params = inputs[0].shape;
  const Shape& indices = inputs[1].shape;
  if (!params.has_rank() || !indices.has_rank()) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  if (indices.rank() == 0) mismatch(node, "expected indices with an axis, found a scalar");
  const int64_t depth = indices.last();
  if (depth < 0) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  if (depth > params.rank()) mismatch(node, "expected indices of at most {} numbers, found {}", params.rank(), depth);
  Shape shape(Sizes(indices.sizes().begin(), indices.sizes().end() - 1));
  for (int i = static_cast<int>(depth); i < params.rank(); ++i) shape.push_back(params[i]);
  return {of_type(inputs[0].dtype, shape)};
}

std::vector<Tensor> gather_nd(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_gather_nd(node, all)[0]);
  const Shape& params = inputs[0].shape();
  const auto depth = static_cast<size_t>(inputs[1].shape().last());
  const auto indices = *integers(node, all[1]);
  const int64_t n_bytes =
      product_of(params, static_cast<int>(depth), params.rank()) * static_cast<int64_t>(dtype_size(output.dtype()));
  const int64_t n = product_of(inputs[1].shape(), 0, inputs[1].shape().rank() - 1);
  std::byte* to = output.mutable_bytes().data();
  for (int64_t i = 0; i < n; ++i, to += n_bytes) {
    int64_t row = 0;
    for (size_t axis = 0; axis < depth; ++axis) {
      const int64_t index = indices[static_cast<size_t>(i) * depth + axis];
      need_inside(node, index, params.sizes()[axis]);
      row = row * params.sizes()[axis] + index;
    }
    if (n_bytes > 0) std::memcpy(to, inputs[0].bytes().data() + row * n_bytes, static_cast<size_t>(n_bytes));
  }
  return {output};
}

}  // namespace

std::span<const OpSpec> gather_ops() {
  static constexpr OpSpec kOps[] = {
      {"Gather", infer_gather, moving_text<gather>},
      {"GatherV2", infer_gather, moving_text<gather>},
      {"GatherNd", infer_gather_nd, moving_text<gather_nd>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
