// Convolutions of any number of spatial axes; dilated ones also as SpaceToBatchND, convolution, BatchToSpaceND.
#include <fmt/format.h>

#include "onnx/windows.h"

namespace hoarfrost::onnx {
namespace {

using graph::Endpoint;
using graph::Node;

bool is_convolution(const Node& node) {
  return node.op() == "Conv2D" || node.op() == "DepthwiseConv2dNative" || node.op() == "Conv3D";
}

// TensorFlow's [spatial…, in, out] as ONNX' [out, in, spatial…]; depthwise [h, w, c, m] as [c * m, 1, h, w].
std::string filter_of(Translation& t, const Node& node, Endpoint filter) {
  const int rank = t.shape(filter).rank();
  const bool is_depthwise = node.op() == "DepthwiseConv2dNative";
  std::vector<int64_t> order =
      is_depthwise ? std::vector<int64_t>{rank - 2, rank - 1} : std::vector<int64_t>{rank - 1, rank - 2};
  for (int64_t axis = 0; axis < rank - 2; ++axis) order.push_back(axis);
  const Tensor* tensor = t.constant(filter);
  if (tensor == nullptr && !is_depthwise) return t.step("Transpose", {t.value(filter)}, {{"perm", order}});
  if (tensor == nullptr) refuse(node, "a computed filter");
  const Tensor moved = transposed(*tensor, order);
  if (!is_depthwise) return t.initializer(filter.name() + "__oihw", moved);
  std::vector<int64_t> sizes = {moved.shape()[0] * moved.shape()[1], 1};
  for (int axis = 2; axis < rank; ++axis) sizes.push_back(moved.shape()[axis]);
  return t.initializer(filter.name() + "__oihw",
                       Tensor(moved.dtype(), Shape(sizes), moved.bytes(), std::make_shared<Tensor>(moved)));
}

std::vector<int64_t> kernel_of(const Translation& t, Endpoint filter) {
  const Shape shape = t.shape(filter);
  return {shape.sizes().begin(), shape.sizes().end() - 2};
}

int64_t groups_of(const Translation& t, const Node& node, const Windows& w, Endpoint input) {
  const Shape filter = t.shape(node.input(1));
  const Shape image = t.shape(input);
  const int64_t n_channels = w.is_first ? image[1] : image[-1];
  if (node.op() == "DepthwiseConv2dNative") return filter[2];
  return n_channels > 0 ? n_channels / filter[-2] : 1;
}

Attributes attributes_of(const Windows& w, const std::vector<int64_t>& kernel, int64_t groups) {
  return {{"strides", w.strides}, {"dilations", w.dilations}, {"kernel_shape", kernel}, {"group", groups}};
}

void convolution(Translation& t, Node& node) {
  if (node.input(0).node->op() == "SpaceToBatchND") return;  // batch_to_space says all three
  const Windows w = windows_of(t, node, node.input(0));
  const auto kernel = kernel_of(t, node.input(1));
  Attributes attributes = attributes_of(w, kernel, groups_of(t, node, w, node.input(0)));
  add_padding(attributes, w, kernel, node);
  emit_image(t, w, node.output(), "Conv", {image_of(t, w, node.input(0)), filter_of(t, node, node.input(1))},
             std::move(attributes));
}

void space_to_batch(Translation& /*t*/, Node& /*node*/) {}  // its users say what it was for

// SpaceToBatchND pads and deals rows out to batches, so that a plain convolution is a dilated one; what was padded for
// even batches is cropped again.
void batch_to_space(Translation& t, Node& node) {
  const Node& inner = *node.input(0).node;
  if (!is_convolution(inner) || inner.input(0).node->op() != "SpaceToBatchND")
    refuse(node, "it does not stand behind a dilated convolution");
  const Node& before = *inner.input(0).node;
  const auto block = t.integers(before.input(1), "block shape");
  const auto paddings = t.integers(before.input(2), "paddings");
  const auto crops = t.integers(node.input(2), "crops");
  Windows w = windows_of(t, inner, before.input(0));
  const size_t n = w.strides.size();
  const bool is_plain = std::ranges::all_of(w.strides, [](int64_t s) { return s == 1; }) && w.padding == "VALID";
  if (!is_plain || block != t.integers(node.input(1), "block shape") || block.size() > n || w.is_first)
    refuse(node, "it does not stand behind a dilated convolution");
  std::vector<int64_t> pads(n * 2, 0);
  for (size_t i = 0; i < block.size(); ++i) {
    w.dilations[i] = block[i];
    if (crops[2 * i] != 0 || paddings[2 * i + 1] < crops[2 * i + 1]) refuse(node, "crops at the beginning");
    pads[i] = paddings[2 * i];
    pads[i + n] = paddings[2 * i + 1] - crops[2 * i + 1];
  }
  const auto kernel = kernel_of(t, inner.input(1));
  Attributes attributes = attributes_of(w, kernel, groups_of(t, inner, w, before.input(0)));
  attributes["pads"] = pads;
  emit_image(t, w, node.output(), "Conv", {t.channels_first(before.input(0)), filter_of(t, inner, inner.input(1))},
             std::move(attributes));
}

// The gradient of a convolution: of its full size, what the convolution's padding says is cut off.
void transposed_convolution(Translation& t, Node& node) {
  const Endpoint image = node.input(2);
  Windows w = windows_of(t, node, image);
  const Shape result = t.shape(node.output());
  const auto kernel = kernel_of(t, node.input(1));
  const size_t n = w.strides.size();
  std::vector<int64_t> pads(n * 2);
  std::vector<int64_t> output_padding(n);
  for (size_t i = 0; i < n; ++i) {
    const int64_t n_out = result[static_cast<int>(i) + (w.is_first ? 2 : 1)];
    const int64_t n_in = w.spatial[i];
    const int64_t reach = (kernel[i] - 1) * w.dilations[i] + 1;
    if (w.padding == "EXPLICIT") refuse(node, "explicit paddings");
    int64_t begin = 0;
    int64_t end = 0;
    if (n_out < 0 || n_in < 0) {
      if (w.padding != "SAME" || reach < w.strides[i])
        refuse(node, "sizes that are not known; fix them with --input-shape");
      begin = (reach - w.strides[i]) / 2;  // the result is stride times as large
      end = reach - w.strides[i] - begin;
    } else {
      const int64_t full = (n_in - 1) * w.strides[i] + reach;
      begin = w.padding == "VALID" ? 0 : std::max<int64_t>(full - n_out, 0) / 2;
      end = full - n_out - begin;
    }
    pads[i] = begin;
    pads[i + n] = std::max<int64_t>(end, 0);
    output_padding[i] = std::max<int64_t>(-end, 0);
    if (output_padding[i] >= std::max(w.strides[i], w.dilations[i]))
      refuse(node, "more rows than ONNX' output_padding can add");
  }
  Attributes attributes = attributes_of(w, kernel, 1);
  attributes["pads"] = pads;
  if (std::ranges::any_of(output_padding, [](int64_t p) { return p != 0; }))
    attributes["output_padding"] = output_padding;
  emit_image(t, w, node.output(), "ConvTranspose", {image_of(t, w, image), filter_of(t, node, node.input(1))},
             std::move(attributes));
}

constexpr OpTranslation kOps[] = {{"Conv2D", convolution},
                                  {"Conv3D", convolution},
                                  {"DepthwiseConv2dNative", convolution},
                                  {"SpaceToBatchND", space_to_batch},
                                  {"BatchToSpaceND", batch_to_space},
                                  {"Conv2DBackpropInput", transposed_convolution},
                                  {"Conv3DBackpropInputV2", transposed_convolution}};

}  // namespace

std::span<const OpTranslation> convolution_translations() { return kOps; }

}  // namespace hoarfrost::onnx
