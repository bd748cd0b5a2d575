#include "ops/window.h"

#include "ops/strided.h"

namespace hoarfrost::ops {
namespace {

constexpr int64_t kMaxSize =
    int64_t{1} << 31;  // of strides, kernels and paddings: sums and products of them fit 63 bits

// A copy with the axes in this order.
Tensor transposed(const Tensor& tensor, const std::vector<int>& order) {
  const Sizes strides = strides_of(tensor.shape());
  Shape shape;
  View from;
  for (const int axis : order) {
    shape.push_back(tensor.shape()[axis]);
    from.strides.push_back(strides[static_cast<size_t>(axis)]);
  }
  Tensor result(tensor.dtype(), shape);
  copy_view(result, {0, strides_of(shape)}, tensor, from, shape.sizes());
  return result;
}

// before and after of every spatial axis, for padding EXPLICIT.
std::vector<std::pair<int64_t, int64_t>> explicit_paddings(const Node& node, const Layout& layout) {
  const auto values = int_list(node, "explicit_paddings");
  if (values.size() != static_cast<size_t>(2 * layout.rank())) {
    corrupt(node, "expected {} explicit_paddings, found {}", 2 * layout.rank(), values.size());
  }
  std::vector<std::pair<int64_t, int64_t>> result;
  for (const int64_t value : values) {
    if (value < 0 || value >= kMaxSize) corrupt(node, "expected explicit_paddings of 0 or more, found {}", value);
  }
  const auto batch_and_channels = {0, layout.channel_axis()};
  for (const int axis : batch_and_channels) {
    const auto at = static_cast<size_t>(2 * axis);
    if (values[at] != 0 || values[at + 1] != 0) unsupported(node, "explicit_paddings of batch or channels are not 0");
  }
  for (int i = 0; i < layout.n_spatial; ++i) {
    const auto at = static_cast<size_t>(2 * layout.spatial_axis(i));
    result.emplace_back(values[at], values[at + 1]);
  }
  return result;
}

void place(const Node& node, WindowAxis& w, const std::string& padding) {
  if (w.in < 0 && padding != "SAME") return;
  const int64_t reach = (w.kernel - 1) * w.dilation + 1;
  if (padding == "SAME") {
    if (w.in < 0) return;
    w.out = (w.in + w.stride - 1) / w.stride;
    const int64_t padded = std::max<int64_t>(0, (w.out - 1) * w.stride + reach - w.in);
    w.pad_before = padded / 2;
    w.pad_after = padded - w.pad_before;
    return;
  }
  const int64_t size = w.in + w.pad_before + w.pad_after;
  if (size < reach) mismatch(node, "expected space of at least the window's {}, found {}", reach, size);
  w.out = (size - reach) / w.stride + 1;
}

}  // namespace

Layout layout_of(const Node& node, int n_spatial) {
  const std::string last = n_spatial == 2 ? "NHWC" : "NDHWC";
  const auto format = node.get_or<std::string>("data_format", last);
  if (format == last) return {false, n_spatial};
  if (format == (n_spatial == 2 ? "NCHW" : "NCDHW")) return {true, n_spatial};
  unsupported(node, "expected data_format {} or its channels-first form, found {}", last, format);
}

Tensor channels_last(const Layout& layout, const Tensor& tensor) {
  if (!layout.channels_first) return tensor;
  return layout.n_spatial == 2 ? transposed(tensor, {0, 2, 3, 1}) : transposed(tensor, {0, 2, 3, 4, 1});
}

Tensor from_channels_last(const Layout& layout, const Tensor& tensor) {
  if (!layout.channels_first) return tensor;
  return layout.n_spatial == 2 ? transposed(tensor, {0, 3, 1, 2}) : transposed(tensor, {0, 4, 1, 2, 3});
}

std::pair<int64_t, int64_t> WindowAxis::inside(int64_t o) const {
  const int64_t start = o * stride - pad_before;  // start + k * dilation in [0, in)
  const int64_t first = start >= 0 ? 0 : (-start + dilation - 1) / dilation;
  const int64_t end = start >= in ? 0 : (in - start + dilation - 1) / dilation;
  return {std::min(first, kernel), std::max(std::min(first, kernel), std::min(end, kernel))};
}

std::vector<int64_t> spatial_values(const Node& node, const Layout& layout, std::string_view key, int64_t fallback) {
  const auto values = int_list(node, key);
  if (values.empty()) return std::vector<int64_t>(static_cast<size_t>(layout.n_spatial), fallback);
  if (values.size() != static_cast<size_t>(layout.rank()))
    corrupt(node, "expected {} {}, found {}", layout.rank(), key, values.size());
  for (const int64_t value : values) {
    if (value < 1 || value >= kMaxSize) corrupt(node, "expected {} of 1 or more, found {}", key, value);
  }
  if (values[0] != 1 || values[static_cast<size_t>(layout.channel_axis())] != 1) {
    unsupported(node, "{} over batch or channels are not supported", key);
  }
  std::vector<int64_t> result;
  for (int i = 0; i < layout.n_spatial; ++i) result.push_back(values[static_cast<size_t>(layout.spatial_axis(i))]);
  return result;
}

std::vector<WindowAxis> windows_of(const Node& node, const Layout& layout, const std::vector<int64_t>& sizes,
                                   const std::vector<int64_t>& kernels) {
  const auto strides = spatial_values(node, layout, "strides", 1);
  const auto dilations = spatial_values(node, layout, "dilations", 1);
  const auto padding = node.get<std::string>("padding");
  std::vector<std::pair<int64_t, int64_t>> pads(static_cast<size_t>(layout.n_spatial));
  if (padding == "EXPLICIT")
    pads = explicit_paddings(node, layout);
  else if (padding != "SAME" && padding != "VALID")
    unsupported(node, "expected padding SAME, VALID or EXPLICIT, found {}", padding);
  std::vector<WindowAxis> result;
  for (size_t i = 0; i < strides.size(); ++i) {
    if (sizes[i] >= kMaxSize || kernels[i] >= kMaxSize)
      mismatch(node, "a size of {} is too large", std::max(sizes[i], kernels[i]));
    WindowAxis w{sizes[i], kernels[i], strides[i], dilations[i], pads[i].first, pads[i].second, kUnknown};
    if (w.kernel == 0) mismatch(node, "the window has a size of 0");
    if (w.kernel > 0)
      place(node, w, padding);
    else if (padding == "SAME" && w.in >= 0)
      w.out = (w.in + w.stride - 1) / w.stride;
    result.push_back(w);
  }
  return result;
}

std::vector<int64_t> spatial_sizes(const Layout& layout, const Shape& shape) {
  std::vector<int64_t> result;
  for (int i = 0; i < layout.n_spatial; ++i) result.push_back(shape[layout.spatial_axis(i)]);
  return result;
}

Shape shape_of(const Layout& layout, int64_t batch, const std::vector<int64_t>& spatial, int64_t channels) {
  Shape shape{batch};
  if (layout.channels_first) shape.push_back(channels);
  for (const int64_t size : spatial) shape.push_back(size);
  if (!layout.channels_first) shape.push_back(channels);
  return shape;
}

std::vector<int64_t> output_sizes(const std::vector<WindowAxis>& windows) {
  std::vector<int64_t> result;
  for (const WindowAxis& window : windows) result.push_back(window.out);
  return result;
}

std::vector<WindowAxis> pool_windows(const Node& node, const Layout& layout, const Shape& shape) {
  if (int_list(node, "ksize").empty()) corrupt(node, "it has no ksize");
  return windows_of(node, layout, spatial_sizes(layout, shape), spatial_values(node, layout, "ksize", 1));
}

std::array<WindowAxis, 3> three(const std::vector<WindowAxis>& windows) {
  std::array<WindowAxis, 3> result;
  std::ranges::copy(windows, result.end() - static_cast<int64_t>(windows.size()));
  return result;
}

}  // namespace hoarfrost::ops
