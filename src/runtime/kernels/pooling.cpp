// MaxPool and AvgPool: by oneDNN in whatever layout the value has, or, with the multiply-add of a BatchNormalization in
// front, in one loop: maximum of x * scale + shift, which rounding leaves monotonic, so that it is exact for any sign
// of scale.
#include <algorithm>

#include "ops/window.h"
#include "runtime/kernels/primitive.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

std::vector<ops::WindowAxis> windows(const Operation& operation, const Site& site) {
  const Shape& input = site.shape(operation.inputs[0]);
  const ops::Layout layout{false, input.rank() - 2};
  auto sizes = ops::spatial_sizes(layout, input);
  for (size_t i = 0; i < operation.paddings.size(); ++i)
    sizes[i] += operation.paddings[i].first + operation.paddings[i].second;
  auto result =
      ops::windows_of(*operation.node, layout, sizes, ops::spatial_values(*operation.node, layout, "ksize", 1));
  for (size_t i = 0; i < operation.paddings.size(); ++i) {
    result[i].in -= operation.paddings[i].first + operation.paddings[i].second;
    result[i].pad_before += operation.paddings[i].first;
    result[i].pad_after += operation.paddings[i].second;
  }
  return result;
}

std::unique_ptr<Kernel> primitive(const Operation& operation, bool is_max, const Layout& layout, const Site& site) {
  const auto source = describe(site.shape(operation.inputs[0]), layout);
  Dims strides, kernels, before, after;
  for (const auto& window : windows(operation, site)) {
    strides.push_back(window.stride);
    kernels.push_back(window.kernel);
    before.push_back(window.pad_before);
    after.push_back(window.pad_after);
  }
  const auto target_dims = dnnl_dims(site.shape(operation.outputs[0]));
  const auto target = layout ? dnnl::memory::desc(target_dims, source.data_type(), dnnl::memory::format_tag::any)
                             : row_major(site.shape(operation.outputs[0]));
  const auto algorithm = is_max ? dnnl::algorithm::pooling_max : dnnl::algorithm::pooling_avg_exclude_padding;
  const dnnl::pooling_forward::primitive_desc descriptor(
      {dnnl::prop_kind::forward_inference, algorithm, source, target, strides, kernels, before, after},
      user_scratchpad(), site.engine);
  auto kernel = std::make_unique<PrimitiveKernel>(descriptor, dnnl::pooling_forward(descriptor));
  kernel->bind_input(DNNL_ARG_SRC, 0, source, site.engine);
  kernel->bind_output(DNNL_ARG_DST, 0, descriptor.dst_desc(), site.engine);
  kernel->inputs = {{operation.inputs[0], layout}};
  kernel->output_layouts = {canonical(site.shape(operation.outputs[0]), descriptor.dst_desc())};
  return kernel;
}

// One output pixel's channels from a window of `n_rows` by `n_columns` pixels that begins at x.
struct Window {
  int64_t n_rows, n_columns;
  int64_t row_stride, pixel_stride;  // in elements
};

HOARFROST_LOOP(pool_affine,
               (const float* x, const Window& window, const float* scale, const float* shift, float* y,
                int64_t n_channels),
               (x, window, scale, shift, y, n_channels)) {
  constexpr int64_t kWidth = 16;
  for (int64_t next = 0; next < n_channels && n_channels >= kWidth; next += kWidth) {
    const int64_t c = std::min(next, n_channels - kWidth);  // the last ones again, rather than one by one
    float best[kWidth];
    for (int64_t i = 0; i < kWidth; ++i) best[i] = x[c + i] * scale[c + i] + shift[c + i];
    for (int64_t row = 0; row < window.n_rows; ++row) {
      for (int64_t column = 0; column < window.n_columns; ++column) {
        const float* pixel = x + row * window.row_stride + column * window.pixel_stride + c;
        for (int64_t i = 0; i < kWidth; ++i) best[i] = std::max(best[i], pixel[i] * scale[c + i] + shift[c + i]);
      }
    }
    for (int64_t i = 0; i < kWidth; ++i) y[c + i] = best[i];
  }
  if (n_channels >= kWidth) return;
  for (int64_t c = 0; c < n_channels; ++c) y[c] = x[c] * scale[c] + shift[c];
  for (int64_t row = 0; row < window.n_rows; ++row) {
    for (int64_t column = 0; column < window.n_columns; ++column) {
      const float* pixel = x + row * window.row_stride + column * window.pixel_stride;
      for (int64_t c = 0; c < n_channels; ++c) y[c] = std::max(y[c], pixel[c] * scale[c] + shift[c]);
    }
  }
}

// A row of windows that all lie inside, two by two pixels each with stride two, 16 channels or more to the pixel.
HOARFROST_LOOP(pool_affine_row_2x2,
               (const float* x, int64_t row_stride, const float* scale, const float* shift, float* y, int64_t n_pixels,
                int64_t n_channels),
               (x, row_stride, scale, shift, y, n_pixels, n_channels)) {
  constexpr int64_t kWidth = 16;
  for (int64_t next = 0; next < n_channels; next += kWidth) {
    const int64_t c = std::min(next, n_channels - kWidth);  // the last ones again, rather than one by one
    const float* by = scale + c;
    const float* plus = shift + c;
    for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
      const float* top = x + pixel * 2 * n_channels + c;
      const float* bottom = top + row_stride;
      float* target = y + pixel * n_channels + c;
      for (int64_t i = 0; i < kWidth; ++i) {
        const float a = std::max(top[i] * by[i] + plus[i], top[n_channels + i] * by[i] + plus[i]);
        const float b = std::max(bottom[i] * by[i] + plus[i], bottom[n_channels + i] * by[i] + plus[i]);
        target[i] = std::max(a, b);
      }
    }
  }
}

class PoolAffineKernel : public Kernel {
 public:
  // A plane is an image's pixels of `width` channels each: all channels of a row-major value, a block of a blocked one.
  PoolAffineKernel(const Affine& affine, const ops::WindowAxis& h, const ops::WindowAxis& w, int64_t n_planes,
                   int64_t width)
      : affine_(affine), h_(h), w_(w), n_planes_(n_planes), width_(width) {
    implementation = "own:max_pool+affine";
    const size_t whole = (affine.scale.size() + static_cast<size_t>(width) - 1) / static_cast<size_t>(width);
    affine_.scale.resize(whole * static_cast<size_t>(width), 0.0F);  // a block's channels behind the last stay zero
    affine_.shift.resize(whole * static_cast<size_t>(width), 0.0F);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    const int64_t n_bytes = n_planes_ * h_.in * w_.in * width_ * static_cast<int64_t>(sizeof(float));
    parallel_parts(n_planes_ * h_.out, n_bytes, [&](int64_t first, int64_t last) {
      for (int64_t row = first; row < last; ++row) run_row(x, y, row);
    });
  }

 private:
  void run_row(const float* x, float* y, int64_t row) const {
    const int64_t plane = row / h_.out;
    const auto channel = static_cast<size_t>(plane % (static_cast<int64_t>(affine_.scale.size()) / width_) * width_);
    const float* scale = affine_.scale.data() + channel;
    const float* shift = affine_.shift.data() + channel;
    const auto [h_first, h_last] = clipped(h_, row % h_.out);
    const float* source = x + (plane * h_.in + h_first) * w_.in * width_;
    float* target = y + row * w_.out * width_;
    const int64_t row_stride = w_.in * width_;
    const bool is_2x2 =
        width_ >= 16 && h_last - h_first == 2 && w_.kernel == 2 && w_.stride == 2 && w_.in == 2 * w_.out;
    if (is_2x2) return pool_affine_row_2x2(source, row_stride, scale, shift, target, w_.out, width_);
    for (int64_t column = 0; column < w_.out; ++column) {
      const auto [w_first, w_last] = clipped(w_, column);
      pool_affine(source + w_first * width_, {h_last - h_first, w_last - w_first, row_stride, width_}, scale, shift,
                  target + column * width_, width_);
    }
  }

  static std::pair<int64_t, int64_t> clipped(const ops::WindowAxis& window, int64_t o) {
    const int64_t start = o * window.stride - window.pad_before;
    return {std::max<int64_t>(start, 0), std::min(start + window.kernel, window.in)};
  }

  Affine affine_;
  ops::WindowAxis h_, w_;
  int64_t n_planes_, width_;
};

std::unique_ptr<Kernel> pool_affine_kernel(const Operation& operation, const Site& site) {
  const Shape& shape = site.shape(operation.inputs[0]);
  const Shape& output = site.shape(operation.outputs[0]);
  Layout layout = site.layout(operation.inputs[0]);
  Layout target;
  int64_t width = shape.last();
  if (const auto tag = block_tag(shape, layout)) {
    width = *tag == dnnl::memory::format_tag::nChw16c ? 16 : 8;
    target = dnnl::memory::desc(dnnl_dims(output), dnnl::memory::data_type::f32, *tag);
  } else {
    layout.reset();
  }
  const auto w = windows(operation, site);
  const int64_t n_planes = shape[0] * ((shape.last() + width - 1) / width);
  auto kernel = std::make_unique<PoolAffineKernel>(*operation.affine, w[0], w[1], n_planes, width);
  kernel->inputs = {{operation.inputs[0], layout}};
  kernel->output_layouts = {target};
  return kernel;
}

}  // namespace

std::unique_ptr<Kernel> make_pooling(const Operation& operation, const Site& site) {
  const bool is_max = operation.is("MaxPool") || operation.is("MaxPool3D");
  if (!is_max && !operation.is("AvgPool") && !operation.is("AvgPool3D")) return nullptr;
  const auto format = operation.node->get_or<std::string>("data_format", "NHWC");
  if (!site.is_float(operation.inputs[0]) || (format != "NHWC" && format != "NDHWC")) return nullptr;
  if (operation.affine) return pool_affine_kernel(operation, site);
  const Layout& layout = site.layout(operation.inputs[0]);
  auto kernel = primitive(operation, is_max, layout, site);
  if (is_ref(kernel->implementation) && layout) kernel = primitive(operation, is_max, {}, site);
  return kernel;
}

}  // namespace hoarfrost::runtime
