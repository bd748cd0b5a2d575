// Convolutions of 3x3, stride 1, of the few channels that a picture has, whose patches fit into registers: no transform
// and no reorder pays for them. For processors with AVX-512.
#pragma once

#if defined(__x86_64__)
#include <vector>

#include "runtime/kernels/clamp.h"
#include "runtime/kernels/winograd_convolution.h"

namespace hoarfrost::runtime::few_channels {

constexpr int64_t kMost = 4;
constexpr int64_t kFetches = 36;  // parts of what is fetched while an image is worked on

// The convolution itself, into blocks of 16 channels.
class Convolution {
 public:
  Convolution(const winograd::Sizes& sizes, const Clamp& clamp) : s_(sizes), clamp_(clamp) {}
  [[nodiscard]] int64_t n_filter_floats() const;
  [[nodiscard]] int64_t n_thread_floats() const;
  // The filter [3, 3, C, K] and the bias, unless that is nullptr, as run_image reads them: n_filter_floats() of them.
  void pack(const float* filter, const float* bias, float* w) const;
  // One image, by the calling thread; own: n_thread_floats().
  void run_image(const float* x, const float* w, float* y, float* own) const;

 private:
  winograd::Sizes s_;
  Clamp clamp_;
};

// The gradient by filter and bias, of images in row-major order and an output's gradient in any order. Sums
// of images in float32, thread by thread, which are joined in double precision: in the same order for as many threads
// as OpenMP has when it is made. Each thread works in memory of its own, n_thread_floats() of them.
class FilterGradient {
 public:
  explicit FilterGradient(const winograd::Sizes& sizes);
  [[nodiscard]] int64_t n_thread_floats() const;
  // Before the first image.
  void begin();
  // One image, and fetch(part) for each part of kFetches meanwhile.
  template <typename Fetch>
  void add(int64_t thread, const float* x, const float* dy, float* own, Fetch fetch) {
    begin_image(x, own);
    for (int64_t part = 0; part < kFetches; ++part) {
      fetch(part);
      add_part(dy, part, own);
    }
    end_image(thread, dy, own);
  }
  // The filter's gradient [3, 3, C, K]; and the bias's, unless that is nullptr.
  void finish(float* filter, float* bias) const;

 private:
  [[nodiscard]] int64_t n_sums() const;
  void begin_image(const float* x, float* own) const;
  void add_part(const float* dy, int64_t part, float* own) const;
  void end_image(int64_t thread, const float* dy, float* own);

  winograd::Sizes s_;
  int64_t n_threads_;
  std::vector<double> sums_;  // by thread [9 C][K], then [K] of the bias
};

}  // namespace hoarfrost::runtime::few_channels
#endif
