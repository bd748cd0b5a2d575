// MaxPoolGrad and AvgPoolGrad, and their forms over three spatial axes (TensorFlow 2.15's maxpooling_op.cc,
// avgpooling_op.cc): what a pool's output gradient gives its input. The first of equal maxima takes all.
#include "ops/types.h"
#include "ops/window.h"

namespace hoarfrost::ops {
namespace {

// The gradient's shape must be what the windows say.
void expect_pooled(const Node& node, const Layout& layout, const Shape& input, const Shape& gradient) {
  const auto sizes = output_sizes(pool_windows(node, layout, input));
  const Shape expected = shape_of(layout, input[0], sizes, input[layout.channel_axis()]);
  for (int axis = 0; axis < layout.rank(); ++axis) {
    if (!may_equal(expected[axis], gradient[axis])) {
      mismatch(node, "expected a gradient of {}, found {}", expected.to_string(), gradient.to_string());
    }
  }
}

template <int n_spatial>
std::vector<Known> infer_max(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 3);
  need_same_type(node, inputs);
  const Layout layout = layout_of(node, n_spatial);
  const Shape shape = shape_of_rank(node, inputs, 0, layout.rank());
  expect_pooled(node, layout, shape, shape_of_rank(node, inputs, 1, layout.rank()));
  expect_pooled(node, layout, shape, shape_of_rank(node, inputs, 2, layout.rank()));
  return {of_type(inputs[0].dtype, shape)};
}

template <int n_spatial>
std::vector<Known> infer_average(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  const Layout layout = layout_of(node, n_spatial);
  const Shape gradient = shape_of_rank(node, inputs, 1, layout.rank());
  const auto sizes = partial_integers(node, inputs[0]);
  if (!sizes)
    return {of_type(inputs[1].dtype, Shape(std::vector<int64_t>(static_cast<size_t>(layout.rank()), kUnknown)))};
  if (sizes->size() != static_cast<size_t>(layout.rank())) {
    mismatch(node, "expected {} sizes, found {}", layout.rank(), sizes->size());
  }
  for (const int64_t size : *sizes) {
    if (size < 0 && !inputs[0].value.empty()) mismatch(node, "expected sizes of 0 or more, found {}", size);
  }
  const Shape shape(*sizes);
  expect_pooled(node, layout, shape, gradient);
  return {of_type(inputs[1].dtype, shape)};
}

// Calls f(first of the output's pixel, places of the input's pixels in its window), channels last.
template <typename F>
void for_each_window(const std::array<WindowAxis, 3>& w, int64_t n_images, F&& f) {
  const auto at = [](const WindowAxis& axis, int64_t o, int64_t k) { return o * axis.stride - axis.pad_before + k; };
  const int64_t n_out = w[0].out * w[1].out * w[2].out;
  std::vector<int64_t> places;
  for (int64_t p = 0; p < n_images * n_out; ++p) {
    const int64_t od = p % n_out / (w[1].out * w[2].out), oh = p / w[2].out % w[1].out, ow = p % w[2].out;
    const auto [d0, d1] = w[0].inside(od);
    const auto [h0, h1] = w[1].inside(oh);
    const auto [w0, w1] = w[2].inside(ow);
    places.clear();
    for (int64_t kd = d0; kd < d1; ++kd) {
      for (int64_t kh = h0; kh < h1; ++kh) {
        for (int64_t kw = w0; kw < w1; ++kw) {
          places.push_back(((p / n_out * w[0].in + at(w[0], od, kd)) * w[1].in + at(w[1], oh, kh)) * w[2].in +
                           at(w[2], ow, kw));
        }
      }
    }
    f(p, places);
  }
}

template <int n_spatial>
std::vector<Tensor> max_gradient(const Node& node, Tensors inputs) {
  (void)infer_max<n_spatial>(node, known(inputs));
  const Layout layout = layout_of(node, n_spatial);
  const Tensor x = channels_last(layout, inputs[0]), dy = channels_last(layout, inputs[2]);
  Tensor dx = allocate(node, of_type(x.dtype(), x.shape()));
  const int64_t channels = x.shape().last();
  with_floats(node, x.dtype(), [&]<typename T>() {
    const T* values = x.values<T>().data();
    const T* gradient = dy.values<T>().data();
    T* target = dx.mutable_values<T>().data();
    if (dy.n_elements() == 0) return;
    for_each_window(three(pool_windows(node, layout, inputs[0].shape())), x.shape()[0],
                    [&](int64_t p, const std::vector<int64_t>& places) {
                      if (places.empty()) return;
                      for (int64_t c = 0; c < channels; ++c) {
                        int64_t best = places.front();
                        for (const int64_t place : places) {
                          const T value = values[place * channels + c];
                          if (value > values[best * channels + c] || value != value) best = place;
                        }
                        target[best * channels + c] += gradient[p * channels + c];
                      }
                    });
  });
  return {from_channels_last(layout, dx)};
}

template <int n_spatial>
std::vector<Tensor> average_gradient(const Node& node, Tensors inputs) {
  const Shape shape = infer_average<n_spatial>(node, known(inputs))[0].shape;
  const Layout layout = layout_of(node, n_spatial);
  const Tensor dy = channels_last(layout, inputs[1]);
  const int64_t channels = dy.shape().last();
  Tensor dx = allocate(
      node, of_type(dy.dtype(), shape_of({false, n_spatial}, shape[0], spatial_sizes(layout, shape), channels)));
  with_floats(node, dx.dtype(), [&]<typename T>() {
    const T* gradient = dy.values<T>().data();
    T* target = dx.mutable_values<T>().data();
    if (dy.n_elements() == 0) return;
    for_each_window(three(pool_windows(node, layout, shape)), shape[0],
                    [&](int64_t p, const std::vector<int64_t>& places) {
                      for (const int64_t place : places) {
                        for (int64_t c = 0; c < channels; ++c)
                          target[place * channels + c] += gradient[p * channels + c] / static_cast<T>(places.size());
                      }
                    });
  });
  return {from_channels_last(layout, dx)};
}

}  // namespace

std::span<const OpSpec> pool_gradient_ops() {
  static constexpr OpSpec kOps[] = {
      {"MaxPoolGrad", infer_max<2>, max_gradient<2>},
      {"MaxPool3DGrad", infer_max<3>, max_gradient<3>},
      {"AvgPoolGrad", infer_average<2>, average_gradient<2>},
      {"AvgPool3DGrad", infer_average<3>, average_gradient<3>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
