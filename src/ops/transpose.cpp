// Values in another place: Transpose, ReverseV2, Tile, BroadcastTo. Each is a walk over the input by other strides.
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_transpose(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto order = integers(node, inputs[1]);
  Shape shape = inputs[0].shape;
  if (!order)
    return {
        of_type(inputs[0].dtype, shape.has_rank() ? Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown)) : shape)};
  if (!shape.has_rank()) shape = Shape(Sizes(order->size(), kUnknown));
  if (order->size() != static_cast<size_t>(shape.rank())) {
    mismatch(node, "expected a permutation of {} axes, found {}", shape.rank(), order->size());
  }
  std::vector<bool> is_used(order->size(), false);
  Shape result;
  for (const int64_t entry : *order) {
    const int axis = normalized_axis(node, entry, shape.rank());
    if (is_used[static_cast<size_t>(axis)]) mismatch(node, "the permutation names axis {} twice", axis);
    is_used[static_cast<size_t>(axis)] = true;
    result.push_back(shape[axis]);
  }
  return {of_type(inputs[0].dtype, result)};
}

std::vector<Tensor> transpose(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_transpose(node, all)[0]);
  const auto order = *integers(node, all[1]);
  const Sizes strides = strides_of(inputs[0].shape());
  View from;
  for (const int64_t axis : order)
    from.strides.push_back(strides[static_cast<size_t>(normalized_axis(node, axis, output.shape().rank()))]);
  copy_view(output, {0, strides_of(output.shape())}, inputs[0], from, output.shape().sizes());
  return {output};
}

std::vector<Known> infer_reverse(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto axes = integers(node, inputs[1]);
  std::vector<int> seen;
  if (!axes || !inputs[0].shape.has_rank()) return infer_as_first(node, inputs);
  for (const int64_t axis : *axes) {
    const int from_first = normalized_axis(node, axis, inputs[0].shape.rank());
    if (std::ranges::count(seen, from_first) > 0) mismatch(node, "axis {} is named twice", from_first);
    seen.push_back(from_first);
  }
  return infer_as_first(node, inputs);
}

std::vector<Tensor> reverse(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_reverse(node, all)[0]);
  if (output.n_elements() == 0) return {output};
  View from{0, strides_of(output.shape())};
  const auto axes = *integers(node, all[1]);
  for (const int64_t entry : axes) {
    const auto axis = static_cast<size_t>(normalized_axis(node, entry, output.shape().rank()));
    from.offset += (output.shape().sizes()[axis] - 1) * from.strides[axis];
    from.strides[axis] = -from.strides[axis];
  }
  copy_view(output, {0, strides_of(output.shape())}, inputs[0], from, output.shape().sizes());
  return {output};
}

std::vector<Known> infer_tile(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto multiples = partial_integers(node, inputs[1]);
  Shape shape = inputs[0].shape;
  if (!multiples)
    return {
        of_type(inputs[0].dtype, shape.has_rank() ? Shape(Sizes(static_cast<size_t>(shape.rank()), kUnknown)) : shape)};
  if (!shape.has_rank()) shape = Shape(Sizes(multiples->size(), kUnknown));
  if (multiples->size() != static_cast<size_t>(shape.rank()))
    mismatch(node, "expected {} multiples, found {}", shape.rank(), multiples->size());
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t multiple = (*multiples)[static_cast<size_t>(axis)];
    if (multiple < 0 && !inputs[1].value.empty()) mismatch(node, "expected multiples of 0 or more, found {}", multiple);
    shape[axis] = multiple < 0 || shape[axis] < 0 ? kUnknown : product(node, shape[axis], multiple);
  }
  return {of_type(inputs[0].dtype, shape)};
}

// [m0·s0, m1·s1, …] is [m0, s0, m1, s1, …] in memory, the m's repeating the input.
std::vector<Tensor> tile(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_tile(node, all)[0]);
  const auto multiples = *integers(node, all[1]);
  const Sizes strides = strides_of(inputs[0].shape());
  Sizes sizes;
  View from;
  for (size_t axis = 0; axis < multiples.size(); ++axis) {
    sizes.insert(sizes.end(), {multiples[axis], inputs[0].shape().sizes()[axis]});
    from.strides.insert(from.strides.end(), {0, strides[axis]});
  }
  if (output.n_elements() > 0) copy_view(output, {0, strides_of(Shape(sizes))}, inputs[0], from, sizes);
  return {output};
}

std::vector<Known> infer_broadcast_to(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const auto sizes = partial_integers(node, inputs[1]);
  if (!sizes) return {of_type(inputs[0].dtype, Shape::unknown_rank())};
  const Shape target(*sizes);
  for (const int64_t size : *sizes) {
    if (size < kUnknown) mismatch(node, "expected sizes of 0 or more, found {}", size);
  }
  const Shape met = broadcast_shapes(node, inputs[0].shape, target);
  for (int axis = 1; met.has_rank() && axis <= met.rank(); ++axis) {
    if (axis > target.rank() || (target[-axis] == 1 && met[-axis] > 1)) {
      mismatch(node, "expected a shape that {} broadcasts to, found {}", inputs[0].shape.to_string(),
               target.to_string());
    }
  }
  return {of_type(inputs[0].dtype, met.has_rank() ? met : target)};
}

std::vector<Tensor> broadcast_to(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_broadcast_to(node, known(inputs))[0]);
  const Shape& shape = output.shape();
  copy_view(output, {0, strides_of(shape)}, inputs[0], {0, broadcast_strides(inputs[0].shape(), shape)}, shape.sizes());
  return {output};
}

}  // namespace

std::span<const OpSpec> transpose_ops() {
  static constexpr OpSpec kOps[] = {
      {"Transpose", infer_transpose, moving_text<transpose>},
      {"ReverseV2", infer_reverse, reverse},
      {"Tile", infer_tile, tile},
      {"BroadcastTo", infer_broadcast_to, broadcast_to},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
