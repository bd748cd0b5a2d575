// Conv2DBackpropFilter, Conv3DBackpropFilterV2 and DepthwiseConv2dNativeBackpropFilter: the gradient of a convolution
// by its filter, and DepthwiseConv2dNativeBackpropInput, a depthwise one's by its input (TensorFlow 2.15's nn.conv2d).
//   input [N, space…, C] or channels first;  filter_sizes;  out_backprop [N, space…, out]
#include "ops/types.h"
#include "ops/window.h"

namespace hoarfrost::ops {
namespace {

struct Gradient {
  Layout layout;
  Shape input, filter, given;  // in the layout
  std::vector<WindowAxis> windows;
};

// The shape that an integer input gives, unknown sizes where it is no constant.
Shape told_shape(const Node& node, const Known& sizes, int rank) {
  const auto known_sizes = partial_integers(node, sizes);
  if (!known_sizes) return Shape(std::vector<int64_t>(static_cast<size_t>(rank), kUnknown));
  if (known_sizes->size() != static_cast<size_t>(rank)) {
    mismatch(node, "expected {} sizes, found {}", rank, known_sizes->size());
  }
  for (const int64_t size : *known_sizes) {
    if (size < 0 && !sizes.value.empty()) mismatch(node, "expected sizes of 0 or more, found {}", size);
  }
  return Shape(*known_sizes);
}

void expect_channels(const Node& node, const Gradient& g, bool is_depthwise) {
  const int64_t channels = g.input[g.layout.channel_axis()];
  const int64_t given = g.given[g.layout.channel_axis()];
  if (channels < 0 || given < 0 || g.filter[-1] < 0 || g.filter[-2] < 0) return;
  const bool fits = is_depthwise ? channels == g.filter[-2] && given == channels * g.filter[-1]
                                 : g.filter[-2] > 0 && channels % g.filter[-2] == 0 && given == g.filter[-1] &&
                                       given % std::max<int64_t>(channels / g.filter[-2], 1) == 0;
  if (!fits) {
    mismatch(node, "the filter {} does not belong to {} and {}", g.filter.to_string(), g.input.to_string(),
             g.given.to_string());
  }
}

// is_by_filter: inputs are (input, filter_sizes, out_backprop); else (input_sizes, filter, out_backprop).
Gradient gradient_of(const Node& node, Knowns inputs, int n_spatial, bool is_depthwise, bool is_by_filter) {
  need_inputs(node, inputs.size(), 3);
  const Layout layout = layout_of(node, n_spatial);
  Gradient g{layout, {}, {}, shape_of_rank(node, inputs, 2, layout.rank()), {}};
  if (inputs[is_by_filter ? 0 : 1].dtype != inputs[2].dtype) mismatch(node, "its inputs are of two types");
  g.input = is_by_filter ? shape_of_rank(node, inputs, 0, layout.rank()) : told_shape(node, inputs[0], layout.rank());
  g.filter = is_by_filter ? told_shape(node, inputs[1], layout.rank()) : shape_of_rank(node, inputs, 1, layout.rank());
  const std::vector<int64_t> kernels(g.filter.sizes().begin(), g.filter.sizes().end() - 2);
  g.windows = windows_of(node, layout, spatial_sizes(layout, g.input), kernels);
  for (int i = 0; i < n_spatial; ++i) {
    WindowAxis& w = g.windows[static_cast<size_t>(i)];
    w.out = merged(node, w.out, g.given[layout.spatial_axis(i)], "out_backprop, as the input says, to have a size of");
  }
  (void)merged(node, g.input[0], g.given[0], "a batch of");
  expect_channels(node, g, is_depthwise);
  return g;
}

template <int n_spatial, bool is_depthwise>
std::vector<Known> infer_by_filter(const Node& node, Knowns inputs) {
  const Gradient g = gradient_of(node, inputs, n_spatial, is_depthwise, true);
  return {of_type(inputs[2].dtype, g.filter)};
}

std::vector<Known> infer_depthwise_by_input(const Node& node, Knowns inputs) {
  const Gradient g = gradient_of(node, inputs, 2, true, false);
  return {of_type(inputs[2].dtype, g.input)};
}

// Calls f(place of the input's pixel, place of the output's, tap) for every pair that meets, n images one after
// another.
template <typename F>
void for_each_meeting(const std::array<WindowAxis, 3>& w, int64_t n_images, F&& f) {
  const auto at = [](const WindowAxis& axis, int64_t o, int64_t k) {
    return o * axis.stride - axis.pad_before + k * axis.dilation;
  };
  const int64_t n_out = w[0].out * w[1].out * w[2].out;
  for (int64_t p = 0; p < n_images * n_out; ++p) {
    const int64_t n = p / n_out;
    const int64_t od = p % n_out / (w[1].out * w[2].out), oh = p / w[2].out % w[1].out, ow = p % w[2].out;
    const auto [d0, d1] = w[0].inside(od);
    const auto [h0, h1] = w[1].inside(oh);
    const auto [w0, w1] = w[2].inside(ow);
    for (int64_t kd = d0; kd < d1; ++kd) {
      for (int64_t kh = h0; kh < h1; ++kh) {
        const int64_t row = ((n * w[0].in + at(w[0], od, kd)) * w[1].in + at(w[1], oh, kh)) * w[2].in;
        const int64_t tap = (kd * w[1].kernel + kh) * w[2].kernel;
        for (int64_t kw = w0; kw < w1; ++kw) f(row + at(w[2], ow, kw), p, tap + kw);
      }
    }
  }
}

template <int n_spatial, bool is_depthwise>
std::vector<Tensor> by_filter(const Node& node, Tensors inputs) {
  const Gradient g = gradient_of(node, known(inputs), n_spatial, is_depthwise, true);
  Tensor output = allocate(node, of_type(inputs[2].dtype(), g.filter));
  const Tensor input = channels_last(g.layout, inputs[0]);
  const Tensor given = channels_last(g.layout, inputs[2]);
  if (output.n_elements() == 0 || given.n_elements() == 0) return {output};
  const int64_t channels = input.shape().last(), n_out = given.shape().last();
  const int64_t filter_in = g.filter[-2], filter_out = g.filter[-1];
  std::vector<double> sums(static_cast<size_t>(output.n_elements()), 0.0);
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* x = input.values<T>().data();
    const T* dy = given.values<T>().data();
    for_each_meeting(three(g.windows), input.shape()[0], [&](int64_t from, int64_t to, int64_t tap) {
      const T* xs = x + from * channels;
      const T* ys = dy + to * n_out;
      double* target = sums.data() + tap * filter_in * filter_out;
      if constexpr (is_depthwise) {
        for (int64_t o = 0; o < n_out; ++o)
          target[o] += static_cast<double>(xs[o / filter_out]) * static_cast<double>(ys[o]);
      } else {
        const int64_t per_group = n_out / (channels / filter_in);
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t first = c / filter_in * per_group;
          for (int64_t o = first; o < first + per_group; ++o)
            target[c % filter_in * filter_out + o] += static_cast<double>(xs[c]) * static_cast<double>(ys[o]);
        }
      }
    });
    std::ranges::transform(sums, output.mutable_values<T>().begin(), [](double sum) { return static_cast<T>(sum); });
  });
  return {output};
}

std::vector<Tensor> depthwise_by_input(const Node& node, Tensors inputs) {
  const Gradient g = gradient_of(node, known(inputs), 2, true, false);
  const Layout last{false, 2};
  const int64_t channels = g.filter[-2], multiplier = g.filter[-1];
  const Shape shape = shape_of(last, g.input[0], spatial_sizes(g.layout, g.input), channels);
  Tensor output = allocate(node, of_type(inputs[2].dtype(), shape));
  const Tensor given = channels_last(g.layout, inputs[2]);
  std::vector<double> sums(static_cast<size_t>(output.n_elements()), 0.0);
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* filter = inputs[1].values<T>().data();
    const T* dy = given.values<T>().data();
    if (given.n_elements() > 0) {
      for_each_meeting(three(g.windows), shape[0], [&](int64_t from, int64_t to, int64_t tap) {
        for (int64_t o = 0; o < channels * multiplier; ++o) {
          sums[static_cast<size_t>(from * channels + o / multiplier)] +=
              static_cast<double>(dy[to * channels * multiplier + o]) *
              static_cast<double>(filter[tap * channels * multiplier + o]);
        }
      });
    }
    std::ranges::transform(sums, output.mutable_values<T>().begin(), [](double sum) { return static_cast<T>(sum); });
  });
  return {from_channels_last(g.layout, output)};
}

}  // namespace

std::span<const OpSpec> convolution_filter_ops() {
  static constexpr OpSpec kOps[] = {
      {"Conv2DBackpropFilter", infer_by_filter<2, false>, by_filter<2, false>},
      {"Conv3DBackpropFilterV2", infer_by_filter<3, false>, by_filter<3, false>},
      {"DepthwiseConv2dNativeBackpropFilter", infer_by_filter<2, true>, by_filter<2, true>},
      {"DepthwiseConv2dNativeBackpropInput", infer_depthwise_by_input, depthwise_by_input},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
