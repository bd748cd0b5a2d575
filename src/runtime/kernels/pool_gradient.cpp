// MaxPoolGrad and AvgPoolGrad, over two or three axes of space, in row-major order or blocks of channels. The first of
// equal maxima takes all, as in TensorFlow; a NaN is a maximum.
#include <omp.h>

#include <array>

#include "ops/window.h"
#include "runtime/kernel.h"
#include "runtime/kernels/planes.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// dx[place of the maximum] += dy for each channel of one output pixel; places are those of its window's pixels.
HOARFROST_LOOP(give_to_maximum,
               (const float* x, const int64_t* places, int64_t n_places, const float* dy, float* dx, int64_t width),
               (x, places, n_places, dy, dx, width)) {
  constexpr int64_t kAtOnce = 16;
  int64_t c = 0;
  for (; c + kAtOnce <= width; c += kAtOnce) {
    float best[kAtOnce];
    int32_t which[kAtOnce] = {};
    for (int64_t i = 0; i < kAtOnce; ++i) best[i] = x[places[0] + c + i];
    for (int64_t k = 1; k < n_places; ++k) {
      const float* pixel = x + places[k] + c;
      for (int64_t i = 0; i < kAtOnce; ++i) {
        const bool is_more = (pixel[i] > best[i]) | (pixel[i] != pixel[i]);
        best[i] = is_more ? pixel[i] : best[i];
        which[i] = is_more ? static_cast<int32_t>(k) : which[i];
      }
    }
    for (int64_t k = 0; k < n_places; ++k) {
      float* target = dx + places[k] + c;
      for (int64_t i = 0; i < kAtOnce; ++i) target[i] += which[i] == static_cast<int32_t>(k) ? dy[c + i] : 0.0F;
    }
  }
  for (; c < width; ++c) {
    int64_t best = places[0];
    for (int64_t k = 1; k < n_places; ++k) {
      const float value = x[places[k] + c];
      if (value > x[best + c] || value != value) best = places[k];
    }
    dx[best + c] += dy[c];
  }
}

HOARFROST_LOOP(share, (const int64_t* places, int64_t n_places, const float* dy, float* dx, int64_t width),
               (places, n_places, dy, dx, width)) {
  const auto n = static_cast<float>(n_places);
  for (int64_t k = 0; k < n_places; ++k) {
    for (int64_t c = 0; c < width; ++c) dx[places[k] + c] += dy[c] / n;
  }
}

class PoolGradientKernel : public Kernel {
 public:
  // An image's channels, or a block of them, are a job.
  PoolGradientKernel(bool is_max, const std::array<ops::WindowAxis, 3>& windows, int64_t n_jobs, int64_t width)
      : is_max_(is_max), w_(windows), n_jobs_(n_jobs), width_(width) {
    implementation = is_max ? "own:max_pool_gradient" : "own:average_pool_gradient";
    places_.resize(static_cast<size_t>(omp_get_max_threads()),
                   std::vector<int64_t>(static_cast<size_t>(w_[0].kernel * w_[1].kernel * w_[2].kernel)));
  }

  // inputs (x,) dy
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = is_max_ ? static_cast<const float*>(buffers.inputs[0]) : nullptr;
    const auto* dy = static_cast<const float*>(buffers.inputs[is_max_ ? 1 : 0]);
    auto* dx = static_cast<float*>(buffers.outputs[0]);
    const int64_t n_in = w_[0].in * w_[1].in * w_[2].in * width_, n_out = w_[0].out * w_[1].out * w_[2].out * width_;
    parallel_parts_numbered(n_jobs_, [&](int64_t thread, int64_t first, int64_t last) {
      for (int64_t job = first; job < last; ++job) {
        std::fill_n(dx + job * n_in, n_in, 0.0F);
        run_job(x == nullptr ? nullptr : x + job * n_in, dy + job * n_out, dx + job * n_in,
                places_[static_cast<size_t>(thread)].data());
      }
    });
  }

 private:
  void run_job(const float* x, const float* dy, float* dx, int64_t* places) const {
    for (int64_t d = 0; d < w_[0].out; ++d) {
      for (int64_t h = 0; h < w_[1].out; ++h) {
        for (int64_t w = 0; w < w_[2].out; ++w, dy += width_) {
          const int64_t n = find_places(d, h, w, places);
          if (n == 0) continue;
          if (is_max_) {
            give_to_maximum(x, places, n, dy, dx, width_);
          } else {
            share(places, n, dy, dx, width_);
          }
        }
      }
    }
  }

  int64_t find_places(int64_t d, int64_t h, int64_t w, int64_t* places) const {
    const auto first_of = [](const ops::WindowAxis& axis, int64_t o) { return o * axis.stride - axis.pad_before; };
    const auto [d0, d1] = w_[0].inside(d);
    const auto [h0, h1] = w_[1].inside(h);
    const auto [w0, w1] = w_[2].inside(w);
    int64_t n = 0;
    for (int64_t kd = d0; kd < d1; ++kd) {
      for (int64_t kh = h0; kh < h1; ++kh) {
        const int64_t row =
            ((first_of(w_[0], d) + kd) * w_[1].in + first_of(w_[1], h) + kh) * w_[2].in + first_of(w_[2], w);
        for (int64_t kw = w0; kw < w1; ++kw) places[n++] = (row + kw) * width_;
      }
    }
    return n;
  }

  bool is_max_;
  std::array<ops::WindowAxis, 3> w_;
  int64_t n_jobs_, width_;
  std::vector<std::vector<int64_t>> places_;  // of a window's pixels, by thread
};

}  // namespace

std::unique_ptr<Kernel> make_pool_gradient(const Operation& operation, const Site& site) {
  const bool is_max = operation.is("MaxPoolGrad") || operation.is("MaxPool3DGrad");
  if ((!is_max && !operation.is("AvgPoolGrad") && !operation.is("AvgPool3DGrad")) || !operation.is_plain())
    return nullptr;
  const auto format = operation.node->get_or<std::string>("data_format", "NHWC");
  const ValueId dx = operation.outputs[0], dy = operation.inputs.back();
  if (!site.is_float(dx) || !site.is_float(dy) || (format != "NHWC" && format != "NDHWC")) return nullptr;
  const Shape& shape = site.shape(dx);
  if (shape.n_elements() == 0 || site.shape(dy).n_elements() == 0) return nullptr;
  const ops::Layout order{false, shape.rank() - 2};
  const auto windows = ops::windows_of(*operation.node, order, ops::spatial_sizes(order, shape),
                                       ops::spatial_values(*operation.node, order, "ksize", 1));
  const ValueId x = is_max ? operation.inputs[0] : dy;
  const int64_t of_dy = block_width(site.shape(dy), site.layout(dy));
  const int64_t block = of_dy > 0 ? of_dy : block_width(site.shape(x), site.layout(x));
  const Layout wide = blocks_of(shape, block), narrow = blocks_of(site.shape(dy), block);
  const int64_t width = block > 0 ? block : shape.last();
  const int64_t n_jobs = shape[0] * ((shape.last() + width - 1) / width);
  auto kernel = std::make_unique<PoolGradientKernel>(is_max, ops::three(windows), n_jobs, width);
  if (is_max) kernel->inputs.push_back({x, wide});
  kernel->inputs.push_back({dy, narrow});
  kernel->output_layouts = {wide};
  return kernel;
}

}  // namespace hoarfrost::runtime
