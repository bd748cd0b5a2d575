// Conv2DBackpropInput and Conv3DBackpropInputV2: the transpose of a convolution, as Conv2DTranspose layers use it.
//   input_sizes  the output's shape;  filter [k…, out channels / groups, C];  out_backprop [N, space…, C]
// The windows are those of the convolution that would take the output to out_backprop.
#include "ops/types.h"
#include "ops/window.h"

namespace hoarfrost::ops {
namespace {

struct Transpose {
  Layout layout;
  Shape output;  // in the layout
  std::vector<WindowAxis> windows;
  int64_t in_channels = 0, out_channels = 0, filter_out = 0;
};

Transpose transpose_of(const Node& node, Knowns inputs, int n_spatial) {
  need_inputs(node, inputs.size(), 3);
  need_same_type(node, inputs, 1);
  const Layout layout = layout_of(node, n_spatial);
  const Shape filter = shape_of_rank(node, inputs, 1, layout.rank());
  const Shape given = shape_of_rank(node, inputs, 2, layout.rank());
  Shape output(std::vector<int64_t>(static_cast<size_t>(layout.rank()), kUnknown));
  if (const auto sizes = partial_integers(node, inputs[0])) {
    if (sizes->size() == 2 && n_spatial == 2) {  // spatial sizes alone are allowed since TensorFlow 2.6
      output = shape_of(layout, given[0], *sizes, filter[-2]);
    } else if (sizes->size() == static_cast<size_t>(layout.rank())) {
      output = Shape(*sizes);
    } else {
      mismatch(node, "expected {} input_sizes, found {}", layout.rank(), sizes->size());
    }
  }
  for (const int64_t size : output.sizes()) {
    if (size < kUnknown) mismatch(node, "expected input_sizes of 0 or more, found {}", output.to_string());
  }
  output[0] = merged(node, output[0], given[0], "a batch, as input_sizes say, of");
  if (output[layout.channel_axis()] < 0) output[layout.channel_axis()] = filter[-2];
  const int64_t channels =
      merged(node, filter[-1], given[layout.channel_axis()], "channels of filter and out_backprop to be");
  const int64_t out_channels = output[layout.channel_axis()];
  const bool fits = out_channels < 0 || filter[-2] < 0 || out_channels == filter[-2] ||
                    (filter[-2] > 0 && out_channels % filter[-2] == 0 && channels % (out_channels / filter[-2]) == 0);
  if (!fits) mismatch(node, "expected {} output channels, as the filter has, found {}", filter[-2], out_channels);
  const std::vector<int64_t> kernels(filter.sizes().begin(), filter.sizes().end() - 2);
  auto windows = windows_of(node, layout, spatial_sizes(layout, output), kernels);
  for (int i = 0; i < n_spatial; ++i) {
    WindowAxis& w = windows[static_cast<size_t>(i)];
    w.out = merged(node, w.out, given[layout.spatial_axis(i)], "out_backprop, as input_sizes say, to have a size of");
  }
  return {layout, output, windows, channels, out_channels, filter[-2]};
}

template <int n_spatial>
std::vector<Known> infer_transpose(const Node& node, Knowns inputs) {
  const Transpose t = transpose_of(node, inputs, n_spatial);
  return {of_type(inputs[1].dtype, t.output)};
}

// Adds one tap: sums[o] += Σ_c y[c] * filter[o, c], within the groups.
template <typename T>
void add_tap(const T* y, const T* filter, const Transpose& t, double* sums) {
  const int64_t per_group = t.in_channels / (t.out_channels / t.filter_out);
  for (int64_t o = 0; o < t.out_channels; ++o) {
    const int64_t first = o / t.filter_out * per_group;
    const T* weights = filter + o % t.filter_out * t.in_channels;
    double sum = 0;
    for (int64_t c = first; c < first + per_group; ++c)
      sum += static_cast<double>(y[c]) * static_cast<double>(weights[c]);
    sums[o] += sum;
  }
}

// Scatters one position of out_backprop, whose channels y points at, into the image's sums.
template <typename T>
void scatter(const T* y, const T* filter, const Transpose& t, const std::array<WindowAxis, 3>& w,
             const std::array<int64_t, 3>& at, std::vector<double>& sums) {
  const auto [d0, d1] = w[0].inside(at[0]);
  const auto [h0, h1] = w[1].inside(at[1]);
  const auto [w0, w1] = w[2].inside(at[2]);
  const auto position = [&](size_t i, int64_t k) { return at[i] * w[i].stride - w[i].pad_before + k * w[i].dilation; };
  for (int64_t kd = d0; kd < d1; ++kd) {
    for (int64_t kh = h0; kh < h1; ++kh) {
      for (int64_t kw = w0; kw < w1; ++kw) {
        const int64_t target = (position(0, kd) * w[1].in + position(1, kh)) * w[2].in + position(2, kw);
        const int64_t tap = (kd * w[1].kernel + kh) * w[2].kernel + kw;
        add_tap(y, filter + tap * t.filter_out * t.in_channels, t, sums.data() + target * t.out_channels);
      }
    }
  }
}

template <int n_spatial>
std::vector<Tensor> transpose_convolve(const Node& node, Tensors inputs) {
  const Transpose t = transpose_of(node, known(inputs), n_spatial);
  const Layout last{false, n_spatial};
  const auto space = spatial_sizes(t.layout, t.output);
  Tensor output = allocate(node, of_type(inputs[1].dtype(), shape_of(last, t.output[0], space, t.out_channels)));
  if (output.n_elements() == 0 || inputs[2].n_elements() == 0) return {from_channels_last(t.layout, output)};
  const Tensor given = channels_last(t.layout, inputs[2]);
  const auto w = three(t.windows);
  const int64_t n_positions = w[0].out * w[1].out * w[2].out;
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* y = given.values<T>().data();
    const T* filter = inputs[1].values<T>().data();
    T* out = output.mutable_values<T>().data();
    std::vector<double> sums(static_cast<size_t>(output.n_elements() / t.output[0]));
    for (int64_t n = 0; n < t.output[0]; ++n) {
      std::ranges::fill(sums, 0.0);
      for (int64_t p = 0; p < n_positions; ++p, y += t.in_channels) {
        scatter(y, filter, t, w, {p / (w[1].out * w[2].out), p / w[2].out % w[1].out, p % w[2].out}, sums);
      }
      for (const double sum : sums) *out++ = static_cast<T>(sum);
    }
  });
  return {from_channels_last(t.layout, output)};
}

}  // namespace

std::span<const OpSpec> convolution_transpose_ops() {
  static constexpr OpSpec kOps[] = {
      {"Conv2DBackpropInput", infer_transpose<2>, through_float<transpose_convolve<2>>},
      {"Conv3DBackpropInputV2", infer_transpose<3>, through_float<transpose_convolve<3>>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
