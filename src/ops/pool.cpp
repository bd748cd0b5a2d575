// MaxPool, AvgPool and their forms over three spatial axes. Averages are over the elements inside, never the padding
// (TensorFlow 2.15's nn.avg_pool).
#include <limits>

#include "ops/types.h"
#include "ops/window.h"

namespace hoarfrost::ops {
namespace {

template <int n_spatial>
std::vector<Known> infer_pool(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  const Layout layout = layout_of(node, n_spatial);
  if (node.op() != "MaxPool" && node.get<std::string>("padding") == "EXPLICIT") {
    unsupported(node, "expected padding SAME or VALID, found EXPLICIT");
  }
  const Shape shape = shape_of_rank(node, inputs, 0, layout.rank());
  const auto windows = pool_windows(node, layout, shape);
  return {of_type(inputs[0].dtype, shape_of(layout, shape[0], output_sizes(windows), shape[layout.channel_axis()]))};
}

// The window's elements met so far, one accumulator per channel.
template <typename T>
struct Maximum {
  using Value = T;
  static constexpr T kStart =
      std::numeric_limits<T>::has_infinity ? -std::numeric_limits<T>::infinity() : std::numeric_limits<T>::lowest();
  static T add(T so_far, T x) { return x > so_far || x != x ? x : so_far; }
  static T result(T so_far, int64_t) { return so_far; }
};
template <typename T>
struct Average {
  using Value = double;
  static constexpr double kStart = 0;
  static double add(double so_far, T x) { return so_far + static_cast<double>(x); }
  static T result(double so_far, int64_t n) { return static_cast<T>(so_far / static_cast<double>(n)); }
};

template <typename T, typename Pool>
void pool_at(const T* x, int64_t channels, const std::array<WindowAxis, 3>& w, const std::array<int64_t, 3>& at,
             std::vector<typename Pool::Value>& so_far, T* out) {
  std::ranges::fill(so_far, Pool::kStart);
  const auto [d0, d1] = w[0].inside(at[0]);
  const auto [h0, h1] = w[1].inside(at[1]);
  const auto [w0, w1] = w[2].inside(at[2]);
  const auto position = [&](size_t i, int64_t k) { return at[i] * w[i].stride - w[i].pad_before + k * w[i].dilation; };
  for (int64_t kd = d0; kd < d1; ++kd) {
    for (int64_t kh = h0; kh < h1; ++kh) {
      for (int64_t kw = w0; kw < w1; ++kw) {
        const T* row = x + ((position(0, kd) * w[1].in + position(1, kh)) * w[2].in + position(2, kw)) * channels;
        for (size_t c = 0; c < so_far.size(); ++c) so_far[c] = Pool::add(so_far[c], row[c]);
      }
    }
  }
  const int64_t n = (d1 - d0) * (h1 - h0) * (w1 - w0);
  for (size_t c = 0; c < so_far.size(); ++c) out[c] = Pool::result(so_far[c], n);
}

template <typename T, typename Pool>
void pool_all(const Tensor& input, Tensor& output, const std::array<WindowAxis, 3>& w) {
  const int64_t channels = input.shape().last();
  const T* x = input.values<T>().data();
  T* out = output.mutable_values<T>().data();
  std::vector<typename Pool::Value> so_far(static_cast<size_t>(channels));
  for (int64_t n = 0; n < input.shape()[0]; ++n, x += w[0].in * w[1].in * w[2].in * channels) {
    for (int64_t p = 0; p < w[0].out * w[1].out * w[2].out; ++p, out += channels) {
      pool_at<T, Pool>(x, channels, w, {p / (w[1].out * w[2].out), p / w[2].out % w[1].out, p % w[2].out}, so_far, out);
    }
  }
}

template <int n_spatial, bool is_average>
std::vector<Tensor> pool(const Node& node, Tensors inputs) {
  const auto inferred = infer_pool<n_spatial>(node, known(inputs))[0];
  const Layout layout = layout_of(node, n_spatial);
  const auto windows = pool_windows(node, layout, inputs[0].shape());
  const int64_t channels = inputs[0].shape()[layout.channel_axis()];
  const Layout last{false, n_spatial};
  Tensor output =
      allocate(node, of_type(inferred.dtype, shape_of(last, inputs[0].shape()[0], output_sizes(windows), channels)));
  const Tensor input = channels_last(layout, inputs[0]);
  if (output.n_elements() == 0) return {from_channels_last(layout, output)};
  if constexpr (is_average) {
    with_floats(node, output.dtype(), [&]<typename T>() { pool_all<T, Average<T>>(input, output, three(windows)); });
  } else {
    with_numbers(node, output.dtype(), [&]<typename T>() { pool_all<T, Maximum<T>>(input, output, three(windows)); });
  }
  return {from_channels_last(layout, output)};
}

}  // namespace

std::span<const OpSpec> pool_ops() {
  static constexpr OpSpec kOps[] = {
      {"MaxPool", infer_pool<2>, through_float<pool<2, false>>},
      {"AvgPool", infer_pool<2>, through_float<pool<2, true>>},
      {"MaxPool3D", infer_pool<3>, through_float<pool<3, false>>},
      {"AvgPool3D", infer_pool<3>, through_float<pool<3, true>>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
