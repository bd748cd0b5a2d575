// Statistics come piece by piece, each about its own mean, and are joined as Chan, Golub and LeVeque do (Updating
// Formulae for Computing Sample Variances, 1979).
#include "runtime/kernels/batch_statistics.h"

#include <omp.h>

#include <algorithm>
#include <cmath>

#include "runtime/kernels/channel_sums.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

Sharing sharing_of(const graph::Node& node, const Site& site) {
  return {group_of(node, site), node.get_or<float>("batch_share", 1.0F) != 0};
}

void BatchStatistics::Moments::add(double more, double more_mean, double more_squares) {
  if (more == 0) return;
  const double difference = more_mean - mean, total = n + more;
  mean += difference * more / total;
  squares += more_squares + difference * difference * n * more / total;
  n = total;
}

BatchStatistics::BatchStatistics(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing)
    : planes_(planes),
      pieces_(planes),
      n_channels_(static_cast<size_t>(n_channels)),
      epsilon_(epsilon),
      sharing_(sharing) {
  const auto whole = static_cast<size_t>(planes.n_channels());
  n_threads_ = static_cast<size_t>(omp_get_max_threads());
  moments_.resize(n_threads_ * whole);
  for (auto* each : {&mean, &slope, &start}) each->assign(whole, 0.0F);
  sums_.resize(n_threads_ * whole);
  squares_.resize(n_threads_ * whole);
}

void BatchStatistics::begin() { std::ranges::fill(moments_, Moments()); }

void BatchStatistics::add(int64_t thread, const float* x, int64_t first_piece, int64_t last_piece) {
  const size_t at = static_cast<size_t>(thread) * mean.size();
  float* sums = sums_.data() + at;
  float* squares = squares_.data() + at;
  for (int64_t i = first_piece; i < last_piece; ++i) {
    const Piece piece = piece_at(planes_, pieces_, i);
    sum_channels(x + piece.first, piece.n_pixels, planes_.width, sums);
    const auto n = static_cast<float>(piece.n_pixels);
    for (int64_t c = 0; c < planes_.width; ++c) sums[c] /= n;
    sum_squares_about(x + piece.first, sums, piece.n_pixels, planes_.width, squares);
    Moments* moments = moments_.data() + at + piece.channel;
    for (int64_t c = 0; c < planes_.width; ++c) moments[c].add(n, sums[c], squares[c]);
  }
}

// Of float32 numbers, double precision keeps the squares apart.
void BatchStatistics::join_others() {
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
    const double average = shared_[1 + c] / shared_[0];
    moments_[c] = {shared_[0], average, std::max(shared_[1 + n_channels_ + c] - shared_[1 + c] * average, 0.0)};
  }
}

void BatchStatistics::measure(const float* x, const Buffers& buffers) {
  begin();
  parallel_parts_numbered(pieces_.n, [&](int64_t thread, int64_t first, int64_t last) { add(thread, x, first, last); });
  finish(buffers);
}

void BatchStatistics::finish(const Buffers& buffers) {
  for (size_t thread = 1; thread < n_threads_; ++thread) {
    for (size_t c = 0; c < mean.size(); ++c) {
      const Moments& other = moments_[thread * mean.size() + c];
      moments_[c].add(other.n, other.mean, other.squares);
    }
  }
  if (sharing_.group != nullptr) join_others();
  const auto* scale = static_cast<const float*>(buffers.inputs[1]);
  const auto* offset = static_cast<const float*>(buffers.inputs[2]);
  float* statistics[4];
  for (size_t i = 0; i < 4; ++i) statistics[i] = static_cast<float*>(buffers.outputs[i + 1]);
  for (size_t c = 0; c < n_channels_; ++c) {
    const Moments& m = moments_[c];
    const double variance = m.squares / m.n;
    mean[c] = static_cast<float>(m.mean);
    slope[c] = static_cast<float>(scale[c] / std::sqrt(variance + epsilon_));
    start[c] = offset[c];
    statistics[0][c] = statistics[2][c] = mean[c];
    statistics[1][c] = static_cast<float>(m.n > 1 ? m.squares / (m.n - 1) : variance);
    statistics[3][c] = static_cast<float>(variance);
  }
}

BatchGradient::BatchGradient(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing)
    : n_channels_(static_cast<size_t>(n_channels)),
      n_(static_cast<double>(planes.n_planes / planes.n_blocks * planes.n_pixels)),
      epsilon_(epsilon),
      sharing_(sharing) {
  const auto whole = static_cast<size_t>(planes.n_channels());
  const auto n_threads = static_cast<size_t>(omp_get_max_threads());
  totals_.resize(n_threads * whole * 2);
  sums_.resize(n_threads * whole * 2);
  for (auto* each : {&mean, &by_dy, &by_x, &shift}) each->assign(whole, 0.0F);
}

void BatchGradient::begin(const Buffers& buffers) {
  std::copy_n(static_cast<const float*>(buffers.inputs[3]), n_channels_, mean.data());
  std::ranges::fill(totals_, 0.0);
}

// Rows that are not counted had no part in the statistics: nothing flows back to them from there.
double BatchGradient::join_others() {
  const size_t whole = mean.size();
  shared_.assign(1 + 2 * n_channels_, 0.0);
  if (sharing_.is_counted) {
    shared_[0] = n_;
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

void BatchGradient::finish(const Buffers& buffers) {
  const size_t whole = mean.size();
  for (size_t i = whole * 2; i < totals_.size(); ++i) totals_[i % (whole * 2)] += totals_[i];
  const auto* scale = static_cast<const float*>(buffers.inputs[2]);
  const auto* variances = static_cast<const float*>(buffers.inputs[4]);
  auto* dscale = static_cast<float*>(buffers.outputs[1]);
  auto* doffset = static_cast<float*>(buffers.outputs[2]);
  for (size_t c = 0; c < n_channels_; ++c) {
    dscale[c] = static_cast<float>(totals_[whole + c] / std::sqrt(variances[c] + epsilon_));
    doffset[c] = static_cast<float>(totals_[c]);
  }
  const double n = sharing_.group != nullptr ? join_others() : n_;
  for (size_t c = 0; c < n_channels_; ++c) {
    const double sum = totals_[c], product = totals_[whole + c];
    const double variance = variances[c] + epsilon_;
    const double factor = scale[c] / std::sqrt(variance);
    by_dy[c] = static_cast<float>(factor);
    by_x[c] = static_cast<float>(-factor * product / n / variance);
    shift[c] = static_cast<float>(-factor * sum / n);
  }
}

}  // namespace hoarfrost::runtime
