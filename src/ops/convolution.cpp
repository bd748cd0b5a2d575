// Conv2D, Conv3D and DepthwiseConv2dNative: cross-correlation, as TensorFlow 2.15's nn.conv2d documents it.
//   input  [N, space…, C] or channels first;  filter [k…, C / groups, out], depthwise [kh, kw, C, multiplier]
#include "ops/strided.h"
#include "ops/types.h"
#include "ops/window.h"

namespace hoarfrost::ops {
namespace {

struct Convolution {
  Layout layout;
  std::vector<WindowAxis> windows;
  int64_t batch, in_channels, out_channels;
  [[nodiscard]] Shape output() const { return shape_of(layout, batch, output_sizes(windows), out_channels); }
};

// Attributes and shapes put together, `is_depthwise` telling how the filter's last two axes are meant.
Convolution convolution_of(const Node& node, Knowns inputs, int n_spatial, bool is_depthwise) {
  need_inputs(node, inputs.size(), 2);
  need_same_type(node, inputs);
  const Layout layout = layout_of(node, n_spatial);
  const Shape input = shape_of_rank(node, inputs, 0, layout.rank());
  const Shape filter = shape_of_rank(node, inputs, 1, layout.rank());
  const int64_t in_channels = input[layout.channel_axis()];
  const int64_t filter_in = filter[-2];
  const int64_t last = filter[-1];
  if (in_channels >= 0 && filter_in >= 0) {
    // Fewer filter channels mean groups; each is of whole filters.
    const bool is_grouped = !is_depthwise && filter_in > 0 && in_channels % filter_in == 0 &&
                            (last < 0 || last % std::max<int64_t>(in_channels / filter_in, 1) == 0);
    if (in_channels != filter_in && !is_grouped) {
      mismatch(node, "expected an input of {} channels for the filter {}, found {}", filter_in, filter.to_string(),
               input.to_string());
    }
  }
  std::vector<int64_t> kernels(filter.sizes().begin(), filter.sizes().end() - 2);
  int64_t out_channels = last;
  if (is_depthwise) out_channels = filter_in < 0 || last < 0 ? kUnknown : product(node, filter_in, last);
  return {layout, windows_of(node, layout, spatial_sizes(layout, input), kernels), input[0], in_channels, out_channels};
}

template <int n_spatial, bool is_depthwise>
std::vector<Known> infer_convolution(const Node& node, Knowns inputs) {
  return {of_type(inputs.empty() ? DType::kInvalid : inputs[0].dtype,
                  convolution_of(node, inputs, n_spatial, is_depthwise).output())};
}

// Calls f(output position, input position, filter position) in units of channel rows, for every pair that meets.
template <typename F>
void for_each_tap(const std::array<WindowAxis, 3>& w, int64_t batch, int64_t od, int64_t oh, int64_t ow, F&& f) {
  const auto [d0, d1] = w[0].inside(od);
  const auto [h0, h1] = w[1].inside(oh);
  const auto [w0, w1] = w[2].inside(ow);
  const auto at = [](const WindowAxis& axis, int64_t o, int64_t k) {
    return o * axis.stride - axis.pad_before + k * axis.dilation;
  };
  for (int64_t kd = d0; kd < d1; ++kd) {
    for (int64_t kh = h0; kh < h1; ++kh) {
      const int64_t row = ((batch * w[0].in + at(w[0], od, kd)) * w[1].in + at(w[1], oh, kh)) * w[2].in;
      for (int64_t kw = w0; kw < w1; ++kw) f(row + at(w[2], ow, kw), (kd * w[1].kernel + kh) * w[2].kernel + kw);
    }
  }
}

// sums[out] += input row * filter rows, for one tap. filter_in channels of the filter per group.
template <typename T>
void add_tap(const T* x, const T* filter, int64_t in_channels, int64_t filter_in, std::vector<double>& sums) {
  const auto out_channels = static_cast<int64_t>(sums.size());
  const int64_t per_group = out_channels / (in_channels / filter_in);
  for (int64_t c = 0; c < in_channels; ++c) {
    const double value = static_cast<double>(x[c]);
    const int64_t first = c / filter_in * per_group;
    const T* weights = filter + c % filter_in * out_channels;
    for (int64_t o = first; o < first + per_group; ++o)
      sums[static_cast<size_t>(o)] += value * static_cast<double>(weights[o]);
  }
}

// The same for a depthwise filter: input channel c makes the outputs [c * multiplier, (c + 1) * multiplier).
template <typename T>
void add_depthwise_tap(const T* x, const T* filter, int64_t in_channels, std::vector<double>& sums) {
  const int64_t multiplier = static_cast<int64_t>(sums.size()) / in_channels;
  for (size_t o = 0; o < sums.size(); ++o) {
    sums[o] += static_cast<double>(x[static_cast<int64_t>(o) / multiplier]) * static_cast<double>(filter[o]);
  }
}

template <int n_spatial, bool is_depthwise>
std::vector<Tensor> convolve(const Node& node, Tensors inputs) {
  const Convolution conv = convolution_of(node, known(inputs), n_spatial, is_depthwise);
  const Layout last{false, n_spatial};
  const Shape shape = shape_of(last, conv.batch, output_sizes(conv.windows), conv.out_channels);
  Tensor output = allocate(node, of_type(inputs[0].dtype(), shape));
  const Tensor input = channels_last(conv.layout, inputs[0]);
  if (output.n_elements() == 0 || input.n_elements() == 0) return {from_channels_last(conv.layout, output)};
  const auto w = three(conv.windows);
  const int64_t filter_in = inputs[1].shape()[-2];
  const int64_t filter_row = filter_in * inputs[1].shape()[-1];
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* x = input.values<T>().data();
    const T* filter = inputs[1].values<T>().data();
    T* out = output.mutable_values<T>().data();
    std::vector<double> sums(static_cast<size_t>(conv.out_channels));
    for (int64_t n = 0; n < conv.batch; ++n) {
      for (int64_t position = 0; position < w[0].out * w[1].out * w[2].out; ++position) {
        std::ranges::fill(sums, 0.0);
        const int64_t od = position / (w[1].out * w[2].out);
        const int64_t oh = position / w[2].out % w[1].out;
        for_each_tap(w, n, od, oh, position % w[2].out, [&](int64_t at, int64_t tap) {
          if constexpr (is_depthwise)
            add_depthwise_tap(x + at * conv.in_channels, filter + tap * filter_row, conv.in_channels, sums);
          else
            add_tap(x + at * conv.in_channels, filter + tap * filter_row, conv.in_channels, filter_in, sums);
        });
        for (const double sum : sums) *out++ = static_cast<T>(sum);
      }
    }
  });
  return {from_channels_last(conv.layout, output)};
}

}  // namespace

std::span<const OpSpec> convolution_ops() {
  static constexpr OpSpec kOps[] = {
      {"Conv2D", infer_convolution<2, false>, through_float<convolve<2, false>>},
      {"Conv3D", infer_convolution<3, false>, through_float<convolve<3, false>>},
      {"DepthwiseConv2dNative", infer_convolution<2, true>, through_float<convolve<2, true>>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
