// FusedBatchNorm by the batch's statistics, and its gradient, in row-major order or blocks of channels: two passes
// each, for passes over memory are what they cost. The gradient of a relu in front of it is taken along. Where
// processes share a batch, its statistics are of all of it.
#include <algorithm>
#include <limits>

#include "runtime/kernel.h"
#include "runtime/kernels/batch_statistics.h"
#include "runtime/kernels/channel_sums.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// y = (x − mean) · slope + start for each channel.
HOARFROST_LOOP(normalize_pixels,
               (const float* x, const float* mean, const float* slope, const float* start, float* y, int64_t n_pixels,
                int64_t width),
               (x, mean, slope, start, y, n_pixels, width)) {
  for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (int64_t c = 0; c < width; ++c) y[pixel * width + c] = (x[pixel * width + c] - mean[c]) * slope[c] + start[c];
  }
}

// dx = by_dy · dy + by_x · (x − mean) + shift for each channel, or 0 where x is not above `least`.
HOARFROST_LOOP(differentiate_pixels,
               (const float* dy, const float* x, const float* mean, const float* by_dy, const float* by_x,
                const float* shift, float least, float* dx, int64_t n_pixels, int64_t width),
               (dy, x, mean, by_dy, by_x, shift, least, dx, n_pixels, width)) {
  for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (int64_t c = 0; c < width; ++c) {
      const int64_t i = pixel * width + c;
      const float value = dy[i] * by_dy[c] + ((x[i] - mean[c]) * by_x[c] + shift[c]);
      dx[i] = x[i] <= least ? 0 : value;
    }
  }
}

class BatchNormKernel : public Kernel {
 public:
  BatchNormKernel(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing)
      : statistics_(planes, n_channels, epsilon, sharing) {
    implementation = "own:batch_norm";
  }

  // inputs x, scale, offset; outputs y, the statistics, (nothing)
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    BatchStatistics& s = statistics_;
    s.measure(x, buffers);
    parallel_parts(s.pieces().n, s.planes().n_elements() * 8, [&](int64_t first, int64_t last) {
      for (int64_t i = last; i-- > first;) {  // from the end: what was read last is still in a cache
        const Piece piece = piece_at(s.planes(), s.pieces(), i);
        const int64_t c = piece.channel;
        normalize_pixels(x + piece.first, s.mean.data() + c, s.slope.data() + c, s.start.data() + c, y + piece.first,
                         piece.n_pixels, s.planes().width);
      }
    });
  }

 private:
  BatchStatistics statistics_;
};

class BatchNormGradientKernel : public Kernel {
 public:
  BatchNormGradientKernel(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing,
                          bool has_relu)
      : planes_(planes), pieces_(planes), gradient_(planes, n_channels, epsilon, sharing) {
    implementation = has_relu ? "own:batch_norm_gradient+relu" : "own:batch_norm_gradient";
    if (has_relu) least_ = 0;
  }

  // inputs dy, x, scale, the batch's mean and biased variance; outputs dx, dscale, doffset, (nothing, nothing)
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* dy = static_cast<const float*>(buffers.inputs[0]);
    const auto* x = static_cast<const float*>(buffers.inputs[1]);
    auto* dx = static_cast<float*>(buffers.outputs[0]);
    BatchGradient& g = gradient_;
    g.begin(buffers);
    add_up(dy, x);
    g.finish(buffers);
    parallel_parts(pieces_.n, planes_.n_elements() * 12, [&](int64_t first, int64_t last) {
      for (int64_t i = last; i-- > first;) {  // from the end: what was read last is still in a cache
        const Piece piece = piece_at(planes_, pieces_, i);
        const int64_t c = piece.channel;
        differentiate_pixels(dy + piece.first, x + piece.first, g.mean.data() + c, g.by_dy.data() + c,
                             g.by_x.data() + c, g.shift.data() + c, least_, dx + piece.first, piece.n_pixels,
                             planes_.width);
      }
    });
  }

 private:
  void add_up(const float* dy, const float* x) {
    const auto whole = static_cast<int64_t>(gradient_.mean.size());
    parallel_parts_numbered(pieces_.n, [&](int64_t thread, int64_t first, int64_t last) {
      float* sums = gradient_.sums(thread);
      float* products = sums + whole;
      for (int64_t i = first; i < last; ++i) {
        const Piece piece = piece_at(planes_, pieces_, i);
        sum_channels(dy + piece.first, piece.n_pixels, planes_.width, sums);
        sum_products_about(dy + piece.first, x + piece.first, gradient_.mean.data() + piece.channel, piece.n_pixels,
                           planes_.width, products);
        double* totals = gradient_.totals(thread) + piece.channel;
        for (int64_t c = 0; c < planes_.width; ++c) {
          totals[c] += sums[c];
          totals[whole + c] += products[c];
        }
      }
    });
  }

  Planes planes_;
  Pieces pieces_;
  BatchGradient gradient_;
  float least_ = std::numeric_limits<float>::quiet_NaN();  // nothing is below it
};

bool is_any(const Operation& operation, std::initializer_list<const char*> ops) {
  return std::ranges::any_of(ops, [&](const char* op) { return operation.is(op); });
}

}  // namespace

std::unique_ptr<Kernel> make_batch_norm_training(const Operation& operation, const Site& site) {
  const bool is_gradient = is_any(operation, {"FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3"});
  if (!is_gradient && !is_any(operation, {"FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"})) return nullptr;
  const graph::Node& node = *operation.node;
  const auto format = node.get_or<std::string>("data_format", "NHWC");
  const bool has_relu = is_gradient && operation.activation.has_value();
  if ((!operation.is_plain() && !has_relu) || !node.get_or<bool>("is_training", true) ||
      (format != "NHWC" && format != "NDHWC"))
    return nullptr;
  const ValueId x = operation.inputs[is_gradient ? 1 : 0];
  const size_t n_read = is_gradient ? 5 : 3;
  for (size_t i = 0; i < n_read; ++i) {
    if (!site.is_float(operation.inputs[i])) return nullptr;
  }
  const Shape& shape = site.shape(x);
  if (shape.n_elements() == 0) return nullptr;
  const double epsilon = node.get_or<float>("epsilon", 1e-4F);  // the op's default
  Layout layout = site.layout(x);
  if (is_gradient && !planes_of(shape, layout).layout) layout = site.layout(operation.inputs[0]);
  const Planes planes = planes_of(shape, layout);
  const Sharing sharing = sharing_of(node, site);
  std::unique_ptr<Kernel> kernel;
  if (is_gradient) {
    kernel = std::make_unique<BatchNormGradientKernel>(planes, shape.last(), epsilon, sharing, has_relu);
  } else {
    kernel = std::make_unique<BatchNormKernel>(planes, shape.last(), epsilon, sharing);
  }
  for (size_t i = 0; i < n_read; ++i)
    kernel->inputs.push_back({operation.inputs[i], i < (is_gradient ? 2U : 1U) ? planes.layout : Layout{}});
  kernel->output_layouts.resize(operation.outputs.size());
  kernel->output_layouts[0] = planes.layout;
  return kernel;
}

}  // namespace hoarfrost::runtime
