// What BatchNormalization in training knows of each channel: the batch's statistics forward, and the terms of its
// gradient. Values are joined in double precision in a fixed order.
#pragma once

#include <vector>

#include "runtime/kernel.h"
#include "runtime/kernels/planes.h"

namespace hoarfrost::runtime {

// y = (x − mean) · slope + start for each channel.
class BatchStatistics {
 public:
  BatchStatistics(const Planes& planes, int64_t n_channels, double epsilon);
  // Reads x, and the operation's inputs 1 and 2, scale and offset; writes its outputs 1 to 4: the batch's mean and
  // unbiased variance, the mean and the biased variance.
  void measure(const float* x, const Buffers& buffers);
  [[nodiscard]] const Planes& planes() const { return planes_; }
  [[nodiscard]] const Pieces& pieces() const { return pieces_; }
  // Of all channels, those that fill the last block among them: theirs are zero.
  std::vector<float> mean, slope, start;

 private:
  struct Moments {
    double n = 0, mean = 0, squares = 0;  // squares: of the differences from the mean
    void add(double more, double more_mean, double more_squares);
  };
  void add_up(const float* x);

  Planes planes_;
  Pieces pieces_;
  size_t n_channels_;
  double epsilon_;
  size_t n_threads_ = 1;
  std::vector<Moments> moments_;       // by thread, then by channel
  std::vector<float> sums_, squares_;  // of a piece, by thread
};

// dx = by_dy · dy + by_x · (x − mean) + shift for each channel.
class BatchGradient {
 public:
  BatchGradient(const Planes& planes, int64_t n_channels, double epsilon);
  // Reads the operation's input 3, the batch's mean.
  void begin(const Buffers& buffers);
  // Thread by thread Σ dy of each channel, then Σ dy · (x − mean): to be added to.
  [[nodiscard]] double* totals(int64_t thread) {
    return totals_.data() + static_cast<size_t>(thread) * mean.size() * 2;
  }
  // Room for the same of a piece.
  [[nodiscard]] float* sums(int64_t thread) { return sums_.data() + static_cast<size_t>(thread) * mean.size() * 2; }
  // Reads inputs 2 and 4, scale and the biased variance; writes outputs 1 and 2, dscale and doffset.
  void finish(const Buffers& buffers);
  std::vector<float> mean, by_dy, by_x, shift;

 private:
  size_t n_channels_;
  double n_, epsilon_;  // n: values of a channel
  std::vector<double> totals_;
  std::vector<float> sums_;
};

}  // namespace hoarfrost::runtime
