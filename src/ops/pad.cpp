// Pad and PadV2 (a constant around) and MirrorPad (the values mirrored, with the border element twice or once).
#include <cstring>

#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

// REFLECT mirrors about the border element, SYMMETRIC beside it.
bool is_reflect(const Node& node) {
  const auto mode = node.get<std::string>("mode");
  if (mode != "REFLECT" && mode != "SYMMETRIC") unsupported(node, "expected mode REFLECT or SYMMETRIC, found {}", mode);
  return mode == "REFLECT";
}

void need_mirror_fits(const Node& node, int64_t size, int64_t before, int64_t after) {
  const int64_t most = size - (is_reflect(node) ? 1 : 0);
  if (before > most || after > most)
    mismatch(node, "expected paddings of at most {} for a size of {}, found {} and {}", most, size, before, after);
}

std::vector<Known> infer_pad(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), node.op() == "PadV2" ? 3 : 2);
  const auto paddings = integers(node, inputs[1]);
  Shape shape = inputs[0].shape;
  if (inputs[1].shape.has_rank() && (inputs[1].shape.rank() != 2 || !may_equal(inputs[1].shape[1], 2))) {
    mismatch(node, "expected paddings [axes, 2], found {}", inputs[1].shape.to_string());
  }
  if (!shape.has_rank() || !paddings) {
    const int64_t rank = shape.has_rank() ? shape.rank()
                         : paddings       ? static_cast<int64_t>(paddings->size() / 2)
                                          : kUnknown;
    return {
        of_type(inputs[0].dtype, rank < 0 ? Shape::unknown_rank() : Shape(Sizes(static_cast<size_t>(rank), kUnknown)))};
  }
  if (paddings->size() != 2 * static_cast<size_t>(shape.rank())) {
    mismatch(node, "expected paddings of {} axes, found {}", shape.rank(), paddings->size() / 2);
  }
  if (node.op() == "PadV2") {
    need_type(node, inputs[2], inputs[0].dtype);
    (void)shape_of_rank(node, inputs, 2, 0);
  }
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t before = (*paddings)[static_cast<size_t>(2 * axis)];
    const int64_t after = (*paddings)[static_cast<size_t>(2 * axis + 1)];
    if (before < 0 || after < 0)
      mismatch(node, "expected paddings of 0 or more, found {} and {} at axis {}", before, after, axis);
    if (shape[axis] < 0) continue;
    if (node.op() == "MirrorPad") need_mirror_fits(node, shape[axis], before, after);
    shape[axis] = sum(node, shape[axis], sum(node, before, after));
  }
  return {of_type(inputs[0].dtype, shape)};
}

void fill(Tensor& output, std::span<const std::byte> element) {
  const auto bytes = output.mutable_bytes();
  for (size_t at = 0; at < bytes.size(); at += element.size())
    std::memcpy(bytes.data() + at, element.data(), element.size());
}

std::vector<Tensor> pad(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  Tensor output = allocate(node, infer_pad(node, all)[0]);
  const auto paddings = *integers(node, all[1]);
  if (inputs.size() == 3) fill(output, inputs[2].bytes());
  View to{0, strides_of(output.shape())};
  for (size_t axis = 0; axis < to.strides.size(); ++axis) to.offset += paddings[2 * axis] * to.strides[axis];
  copy_view(output, to, inputs[0], {0, strides_of(inputs[0].shape())}, inputs[0].shape().sizes());
  return {output};
}

// The element of the input that stands at `at` of the padded axis.
int64_t mirrored(int64_t at, int64_t size, bool is_reflected) {
  if (at < 0) return is_reflected ? -at : -at - 1;
  if (at >= size) return is_reflected ? 2 * size - 2 - at : 2 * size - 1 - at;
  return at;
}

std::vector<Tensor> mirror_pad(const Node& node, Tensors inputs) {
  const auto all = known(inputs);
  const Shape shape = infer_pad(node, all)[0].shape;
  const auto paddings = *integers(node, all[1]);
  const bool is_reflected = is_reflect(node);
  Tensor so_far = inputs[0];
  for (int axis = 0; axis < shape.rank(); ++axis) {  // one axis after another: the corners come out right
    Shape padded = so_far.shape();
    padded[axis] = shape[axis];
    Tensor wider = allocate(node, of_type(so_far.dtype(), padded));
    Sizes plane = padded.sizes();
    plane[static_cast<size_t>(axis)] = 1;
    View to{0, strides_of(padded)};
    View from{0, strides_of(so_far.shape())};
    const auto a = static_cast<size_t>(axis);
    for (int64_t i = 0; i < padded[axis]; ++i) {
      to.offset = i * to.strides[a];
      from.offset = mirrored(i - paddings[2 * a], so_far.shape()[axis], is_reflected) * from.strides[a];
      copy_view(wider, to, so_far, from, plane);
    }
    so_far = wider;
  }
  return {so_far};
}

}  // namespace

std::span<const OpSpec> pad_ops() {
  static constexpr OpSpec kOps[] = {
      {"Pad", infer_pad, pad},
      {"PadV2", infer_pad, pad},
      {"MirrorPad", infer_pad, mirror_pad},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
