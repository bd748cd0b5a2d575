// What BatchNormalization in training knows of each channel: the batch's statistics forward, and the terms of its
// gradient. Values are joined in double precision in a fixed order. Where processes share a batch, the statistics and
// their gradients are sums over all of them; scale's and offset's gradients are this process' part.
#pragma once

#include <vector>

#include "distributed/group.h"
#include "runtime/kernel.h"
#include "runtime/kernels/planes.h"

namespace hoarfrost::runtime {

// The processes that share the batch.
struct Sharing {
  distributed::Group* group = nullptr;  // nullptr: this one has all of it
  bool is_counted = true;               // false: its rows stand in for none, and it only learns what the others have
};
// As the node's attributes say.
Sharing sharing_of(const graph::Node& node, const Site& site);

// y = (x − mean) · slope + start for each channel.
class BatchStatistics {
 public:
  BatchStatistics(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing);
  // Reads x, and the operation's inputs 1 and 2, scale and offset; writes its outputs 1 to 4: the batch's mean and
  // unbiased variance, the mean and the biased variance.
  void measure(const float* x, const Buffers& buffers);
  // The same in steps: pieces of x as they come, in each thread's order, between begin and finish.
  void begin();
  void add(int64_t thread, const float* x, int64_t first_piece, int64_t last_piece);
  void finish(const Buffers& buffers);
  [[nodiscard]] const Planes& planes() const { return planes_; }
  [[nodiscard]] const Pieces& pieces() const { return pieces_; }
  // Of all channels, those that fill the last block among them: theirs are zero.
  std::vector<float> mean, slope, start;

 private:
  struct Moments {
    double n = 0, mean = 0, squares = 0;  // squares: of the differences from the mean
    void add(double more, double more_mean, double more_squares);
  };
  void join_others();

  Planes planes_;
  Pieces pieces_;
  size_t n_channels_;
  double epsilon_;
  Sharing sharing_;
  size_t n_threads_ = 1;
  std::vector<Moments> moments_;       // by thread, then by channel
  std::vector<double> shared_;         // n, Σ x and Σ x² of all processes
  std::vector<float> sums_, squares_;  // of a piece, by thread
};

// dx = by_dy · dy + by_x · (x − mean) + shift for each channel.
class BatchGradient {
 public:
  BatchGradient(const Planes& planes, int64_t n_channels, double epsilon, const Sharing& sharing);
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
  // Makes the totals the sums over all processes; gives how many values of a channel they have.
  double join_others();

  size_t n_channels_;
  double n_, epsilon_;  // n: values of a channel
  Sharing sharing_;
  std::vector<double> totals_;
  std::vector<double> shared_;  // n and both sums of all processes
  std::vector<float> sums_;
};

}  // namespace hoarfrost::runtime
