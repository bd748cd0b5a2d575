// The geometry of windows that slide over space (convolutions and pools), and the layouts of their tensors.
#pragma once

#include <array>

#include "ops/known.h"

namespace hoarfrost::ops {

// NHWC, NCHW, NDHWC or NCDHW: where batch, channels and space lie.
struct Layout {
  bool channels_first = false;
  int n_spatial = 2;
  [[nodiscard]] int rank() const { return n_spatial + 2; }
  [[nodiscard]] int channel_axis() const { return channels_first ? 1 : n_spatial + 1; }
  [[nodiscard]] int spatial_axis(int i) const { return channels_first ? 2 + i : 1 + i; }
};
// The attribute data_format. Throws Error{kUnsupported} for another one.
Layout layout_of(const Node& node, int n_spatial);

// The tensor with its channels last, and back.
Tensor channels_last(const Layout& layout, const Tensor& tensor);
Tensor from_channels_last(const Layout& layout, const Tensor& tensor);

// A window on one spatial axis. Element `o` of the output sees `in` at o * stride - pad_before + k * dilation, k <
// kernel.
struct WindowAxis {
  int64_t in = 1;  // kUnknown where the shape is
  int64_t kernel = 1;
  int64_t stride = 1;
  int64_t dilation = 1;
  int64_t pad_before = 0;
  int64_t pad_after = 0;
  int64_t out = 1;  // kUnknown where the shape is
  // The k for which the position lies inside, as a half-open range.
  [[nodiscard]] std::pair<int64_t, int64_t> inside(int64_t o) const;
};

// One WindowAxis per spatial axis from the attributes strides, dilations, padding and explicit_paddings.
//   sizes    the spatial sizes of the windowed tensor
//   kernels  the spatial sizes of the window
// TensorFlow 2.15's GetWindowedOutputSize: SAME gives ceil(in / stride) and puts the odd element of padding after.
// Throws Error{kMismatch} for a window larger than its VALID input, Error{kUnsupported} for strides or dilations over
// batch or channels, Error{kCorrupt} for values that make no sense.
std::vector<WindowAxis> windows_of(const Node& node, const Layout& layout, const std::vector<int64_t>& sizes,
                                   const std::vector<int64_t>& kernels);

// The spatial sizes of a shape in this layout, and a shape from its parts.
std::vector<int64_t> spatial_sizes(const Layout& layout, const Shape& shape);
Shape shape_of(const Layout& layout, int64_t batch, const std::vector<int64_t>& spatial, int64_t channels);
// The windows' output sizes.
std::vector<int64_t> output_sizes(const std::vector<WindowAxis>& windows);
// Three windows, the missing outer ones being trivial: so that loops are written once, for space of three axes.
std::array<WindowAxis, 3> three(const std::vector<WindowAxis>& windows);
// The spatial values of a list attribute that has one per axis, all others being 1; `fallback` everywhere when it is
// absent.
std::vector<int64_t> spatial_values(const Node& node, const Layout& layout, std::string_view key, int64_t fallback);
// Of a pool, by the attribute ksize, over what has this shape. Throws Error{kCorrupt} without a ksize.
std::vector<WindowAxis> pool_windows(const Node& node, const Layout& layout, const Shape& shape);

}  // namespace hoarfrost::ops
