// The gradient of a convolution of 3x3 by its filter and bias, Winograd's way: Σ over tiles of 4x4 outputs of the 6x6
// inputs' products with the outputs' gradient, F(3x3, 4x4) by the points of winograd_transforms.h. Lavin and Gray
// (2015), section 6.
#pragma once

#if defined(__x86_64__)
#include <vector>

#include "runtime/kernels/winograd_convolution.h"

namespace hoarfrost::runtime::winograd {

// Sums of tiles, thread by thread, which are joined at the end: in the same order for as many threads as OpenMP has
// when it is made. Each thread works in memory of its own, n_thread_floats() of them, one thread's behind the other's.
class FilterGradient {
 public:
  static constexpr int64_t kJobTiles = 32;  // what they are transformed to stays in the second cache

  explicit FilterGradient(const Sizes& sizes);
  [[nodiscard]] int64_t n_thread_floats() const;
  [[nodiscard]] const Sizes& sizes() const { return s_; }
  // Before the first tile.
  void begin();
  // Tiles `first` to `last` of x and dy, at most kJobTiles at once. What part `part` of kPoints of the next ones is, is
  // fetched by fetch(part) meanwhile.
  template <typename Fetch>
  void add(int64_t thread, const float* x, const float* dy, int64_t first, int64_t last, float* own, Fetch fetch) {
    transform(thread, x, dy, first, last, own);
    for (int64_t point = 0; point < kPoints; ++point) {
      fetch(point);
      multiply(point, last - first, own);
    }
  }
  // The filter's gradient [3, 3, C, K], of all threads' memory; and the bias's, unless that is nullptr.
  void finish(const float* scratch, int64_t thread_stride, float* filter, float* bias) const;

 private:
  [[nodiscard]] int64_t n_sums() const { return kPoints * s_.n_channels * k_stride_; }
  void transform(int64_t thread, const float* x, const float* dy, int64_t first, int64_t last, float* own);
  void multiply(int64_t point, int64_t n_tiles, float* own) const;
  void write(const float* scratch, int64_t thread_stride, int64_t c, float* filter) const;

  Sizes s_;
  int64_t n_threads_, k_stride_;
  std::vector<double> bias_;       // by thread
  std::vector<uint8_t> has_sums_;  // by thread: whether it had a tile
};

}  // namespace hoarfrost::runtime::winograd
#endif
