// FusedBatchNorm by the batch's statistics, and its gradient, in row-major order or blocks of channels: two passes each,
// for passes over memory are what they cost. Statistics come piece by piece, each about its own mean, and are joined in
// double precision in a fixed order (Chan, Golub and LeVeque, Updating Formulae for Computing Sample Variances, 1979).
// Where processes share a batch, its statistics and their gradients are sums over all of them; scale's and offset's
// gradients are this process' part.
#include <omp.h>

#include <algorithm>
#include <cmath>

#include "distributed/group.h"
#include "runtime/kernel.h"
#include "runtime/kernels/channel_sums.h"
#include "runtime/kernels/planes.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

// y = (x − mean) · slope + start for each channel.
HOARFROST_LOOP(normalize_pixels,
               (const float* x, const float* mean, const float* slope, const float* start, float* y, int64_t n_pixels, int64_t width),
               (x, mean, slope, start, y, n_pixels, width)) {
  for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (int64_t c = 0; c < width; ++c) y[pixel * width + c] = (x[pixel * width + c] - mean[c]) * slope[c] + start[c];
  }
}

// dx = by_dy · dy + by_x · (x − mean) + shift for each channel.
HOARFROST_LOOP(differentiate_pixels,
               (const float* dy, const float* x, const float* mean, const float* by_dy, const float* by_x, const float* shift, float* dx,
                int64_t n_pixels, int64_t width),
               (dy, x, mean, by_dy, by_x, shift, dx, n_pixels, width)) {
  for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (int64_t c = 0; c < width; ++c) {
      const int64_t i = pixel * width + c;
      dx[i] = dy[i] * by_dy[c] + ((x[i] - mean[c]) * by_x[c] + shift[c]);
    }
  }
}

// A channel's values so far.
struct Moments {
  double n = 0, mean = 0, squares = 0;  // squares: of the differences from the mean

  void add(double more, double more_mean, double more_squares) {
    if (more == 0) return;
    const double difference = more_mean - mean, total = n + more;
    mean += difference * more / total;
    squares += more_squares + difference * difference * n * more / total;
    n = total;
  }
};

// The processes that share the batch.
struct Sharing {
  distributed::Group* group = nullptr;  // nullptr: this one has all of it
  bool is_counted = true;               // false: its rows stand in for none, and it only learns what the others have
};

class BatchNormKernel : public Kernel {
 public:
  BatchNormKernel(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing)
      : planes_(planes), pieces_(planes), n_channels_(static_cast<size_t>(n_channels)), epsilon_(epsilon), sharing_(sharing) {
    implementation = "own:batch_norm";
    const auto whole = static_cast<size_t>(planes.n_channels());
    n_threads_ = static_cast<size_t>(omp_get_max_threads());
    moments_.resize(n_threads_ * whole);
    for (auto* each : {&mean_, &slope_, &start_}) each->assign(whole, 0.0F);
    sums_.resize(n_threads_ * whole);
    squares_.resize(n_threads_ * whole);
  }

  // inputs x, scale, offset; outputs y, the batch's mean and unbiased variance, the mean and the biased variance, (nothing)
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    measure(x);
    if (sharing_.group != nullptr) join_others();
    finish(buffers);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    parallel_parts(pieces_.n, planes_.n_elements() * 8, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const Piece piece = piece_at(planes_, pieces_, i);
        const auto c = static_cast<size_t>(piece.channel);
        normalize_pixels(x + piece.first, mean_.data() + c, slope_.data() + c, start_.data() + c, y + piece.first, piece.n_pixels,
                         planes_.width);
      }
    });
  }

 private:
  void measure(const float* x) {
    const size_t whole = mean_.size();
    std::ranges::fill(moments_, Moments());
    parallel_parts_numbered(pieces_.n, [&](int64_t thread, int64_t first, int64_t last) {
      const size_t at = static_cast<size_t>(thread) * whole;
      float* sums = sums_.data() + at;
      float* squares = squares_.data() + at;
      for (int64_t i = first; i < last; ++i) {
        const Piece piece = piece_at(planes_, pieces_, i);
        sum_channels(x + piece.first, piece.n_pixels, planes_.width, sums);
        const auto n = static_cast<float>(piece.n_pixels);
        for (int64_t c = 0; c < planes_.width; ++c) sums[c] /= n;
        sum_squares_about(x + piece.first, sums, piece.n_pixels, planes_.width, squares);
        Moments* moments = moments_.data() + at + piece.channel;
        for (int64_t c = 0; c < planes_.width; ++c) moments[c].add(n, sums[c], squares[c]);
      }
    });
    for (size_t thread = 1; thread < n_threads_; ++thread) {
      for (size_t c = 0; c < whole; ++c) {
        const Moments& other = moments_[thread * whole + c];
        moments_[c].add(other.n, other.mean, other.squares);
      }
    }
  }

  // n, Σ x and Σ x²: of float32 numbers, double precision keeps the squares apart.
  void join_others() {
    shared_.assign(1 + 2 * n_channels_, 0.0);
    if (sharing_.is_counted) {
      shared_[0] = moments_[0].n;
      for (size_t c = 0; c < n_channels_; ++c) {
        const Moments& m = moments_[c];
        shared_[1 + c] = m.n * m.mean;
        shared_[1 + n_channels_ + c] = m.squares + m.n * m.mean * m.mean;
      }
    }
    sharing_.group->sum(shared_);
    for (size_t c = 0; c < n_channels_; ++c) {
      const double mean = shared_[1 + c] / shared_[0];
      moments_[c] = {shared_[0], mean, std::max(shared_[1 + n_channels_ + c] - shared_[1 + c] * mean, 0.0)};
    }
  }

  void finish(const Buffers& buffers) {
    const auto* scale = static_cast<const float*>(buffers.inputs[1]);
    const auto* offset = static_cast<const float*>(buffers.inputs[2]);
    float* statistics[4];
    for (size_t i = 0; i < 4; ++i) statistics[i] = static_cast<float*>(buffers.outputs[i + 1]);
    for (size_t c = 0; c < n_channels_; ++c) {
      const Moments& m = moments_[c];
      const double variance = m.squares / m.n;
      mean_[c] = static_cast<float>(m.mean);
      slope_[c] = static_cast<float>(scale[c] / std::sqrt(variance + epsilon_));
      start_[c] = offset[c];
      statistics[0][c] = statistics[2][c] = mean_[c];
      statistics[1][c] = static_cast<float>(m.n > 1 ? m.squares / (m.n - 1) : variance);
      statistics[3][c] = static_cast<float>(variance);
    }
  }

  Planes planes_;
  Pieces pieces_;
  size_t n_channels_;
  double epsilon_;
  Sharing sharing_;
  size_t n_threads_ = 1;
  std::vector<Moments> moments_;  // by thread, then by channel
  std::vector<double> shared_;
  std::vector<float> mean_, slope_, start_;
  std::vector<float> sums_, squares_;  // of a piece, by thread
};

class BatchNormGradientKernel : public Kernel {
 public:
  BatchNormGradientKernel(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing)
      : planes_(planes), pieces_(planes), n_channels_(static_cast<size_t>(n_channels)), epsilon_(epsilon), sharing_(sharing) {
    implementation = "own:batch_norm_gradient";
    const auto whole = static_cast<size_t>(planes.n_channels());
    n_threads_ = static_cast<size_t>(omp_get_max_threads());
    totals_.resize(n_threads_ * whole * 2);
    sums_.resize(n_threads_ * whole * 2);
    for (auto* each : {&mean_, &by_dy_, &by_x_, &shift_}) each->assign(whole, 0.0F);
  }

  // inputs dy, x, scale, the batch's mean and biased variance; outputs dx, dscale, doffset, (nothing, nothing)
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* dy = static_cast<const float*>(buffers.inputs[0]);
    const auto* x = static_cast<const float*>(buffers.inputs[1]);
    std::copy_n(static_cast<const float*>(buffers.inputs[3]), n_channels_, mean_.data());
    add_up(dy, x);
    finish(buffers);
    auto* dx = static_cast<float*>(buffers.outputs[0]);
    parallel_parts(pieces_.n, planes_.n_elements() * 12, [&](int64_t first, int64_t last) {
      for (int64_t i = first; i < last; ++i) {
        const Piece piece = piece_at(planes_, pieces_, i);
        const auto c = static_cast<size_t>(piece.channel);
        differentiate_pixels(dy + piece.first, x + piece.first, mean_.data() + c, by_dy_.data() + c, by_x_.data() + c, shift_.data() + c,
                             dx + piece.first, piece.n_pixels, planes_.width);
      }
    });
  }

 private:
  // Σ dy and Σ dy · (x − mean).
  void add_up(const float* dy, const float* x) {
    const size_t whole = mean_.size();
    std::ranges::fill(totals_, 0.0);
    parallel_parts_numbered(pieces_.n, [&](int64_t thread, int64_t first, int64_t last) {
      const size_t at = static_cast<size_t>(thread) * whole * 2;
      float* sums = sums_.data() + at;
      float* products = sums + whole;
      for (int64_t i = first; i < last; ++i) {
        const Piece piece = piece_at(planes_, pieces_, i);
        sum_channels(dy + piece.first, piece.n_pixels, planes_.width, sums);
        sum_products_about(dy + piece.first, x + piece.first, mean_.data() + piece.channel, piece.n_pixels, planes_.width, products);
        double* totals = totals_.data() + at + piece.channel;
        for (int64_t c = 0; c < planes_.width; ++c) {
          totals[c] += sums[c];
          totals[whole + static_cast<size_t>(c)] += products[c];
        }
      }
    });
    for (size_t i = whole * 2; i < totals_.size(); ++i) totals_[i % (whole * 2)] += totals_[i];
  }

  void finish(const Buffers& buffers) {
    const auto* scale = static_cast<const float*>(buffers.inputs[2]);
    const auto* variances = static_cast<const float*>(buffers.inputs[4]);
    auto* dscale = static_cast<float*>(buffers.outputs[1]);
    auto* doffset = static_cast<float*>(buffers.outputs[2]);
    for (size_t c = 0; c < n_channels_; ++c) {
      dscale[c] = static_cast<float>(totals_[mean_.size() + c] / std::sqrt(variances[c] + epsilon_));
      doffset[c] = static_cast<float>(totals_[c]);
    }
    auto n = static_cast<double>(planes_.n_planes / planes_.n_blocks * planes_.n_pixels);
    if (sharing_.group != nullptr) n = join_others(n);
    for (size_t c = 0; c < n_channels_; ++c) {
      const double sum = totals_[c], product = totals_[mean_.size() + c];
      const double variance = variances[c] + epsilon_, deviation = std::sqrt(variance);
      const double slope = scale[c] / deviation;
      by_dy_[c] = static_cast<float>(slope);
      by_x_[c] = static_cast<float>(-slope * product / n / variance);
      shift_[c] = static_cast<float>(-slope * sum / n);
    }
  }

  // Makes totals_ the sums over all processes; gives how many elements of a channel they have. Rows that are not counted
  // had no part in the statistics: nothing flows back to them from there.
  double join_others(double n) {
    const size_t whole = mean_.size();
    shared_.assign(1 + 2 * n_channels_, 0.0);
    if (sharing_.is_counted) {
      shared_[0] = n;
      for (size_t c = 0; c < n_channels_; ++c) {
        shared_[1 + c] = totals_[c];
        shared_[1 + n_channels_ + c] = totals_[whole + c];
      }
    }
    sharing_.group->sum(shared_);
    for (size_t c = 0; c < n_channels_; ++c) {
      totals_[c] = sharing_.is_counted ? shared_[1 + c] : 0;
      totals_[whole + c] = sharing_.is_counted ? shared_[1 + n_channels_ + c] : 0;
    }
    return shared_[0];
  }

  Planes planes_;
  Pieces pieces_;
  size_t n_channels_;
  double epsilon_;
  Sharing sharing_;
  size_t n_threads_ = 1;
  std::vector<double> shared_;
  std::vector<double> totals_;  // by thread: Σ dy, then Σ dy · (x − mean)
  std::vector<float> sums_;     // the same of a piece
  std::vector<float> mean_, by_dy_, by_x_, shift_;
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
  if (!operation.is_plain() || !node.get_or<bool>("is_training", true) || (format != "NHWC" && format != "NDHWC")) return nullptr;
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
  const Sharing sharing{group_of(node, site), node.get_or<float>("batch_share", 1.0F) != 0};
  std::unique_ptr<Kernel> kernel;
  if (is_gradient) {
    kernel = std::make_unique<BatchNormGradientKernel>(planes, shape.last(), epsilon, sharing);
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
