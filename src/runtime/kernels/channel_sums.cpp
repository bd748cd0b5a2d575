#include "runtime/kernels/channel_sums.h"

#include "runtime/kernels/simd.h"

namespace hoarfrost::runtime {
namespace {

// For each channel the sum of f(x[i], i, c) over the pixels; the compiler sees 4 sums of 16 channels in registers.
template <typename F>
inline __attribute__((always_inline)) void sum_over_pixels(int64_t n_pixels, int64_t width, float* sums, F f) {
  constexpr int64_t kVector = 16, kChains = 4;
  int64_t c = 0;
  for (; c + kVector <= width; c += kVector) {
    float chains[kChains][kVector] = {};
    int64_t pixel = 0;
    for (; pixel + kChains <= n_pixels; pixel += kChains) {
      for (int64_t k = 0; k < kChains; ++k) {
        for (int64_t i = 0; i < kVector; ++i) chains[k][i] += f((pixel + k) * width + c + i, c + i);
      }
    }
    for (; pixel < n_pixels; ++pixel) {
      for (int64_t i = 0; i < kVector; ++i) chains[0][i] += f(pixel * width + c + i, c + i);
    }
    for (int64_t i = 0; i < kVector; ++i) sums[c + i] = (chains[0][i] + chains[1][i]) + (chains[2][i] + chains[3][i]);
  }
  if (c == width) return;
  for (int64_t i = c; i < width; ++i) sums[i] = 0;
  for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (int64_t i = c; i < width; ++i) sums[i] += f(pixel * width + i, i);
  }
}

// Functors, not lambdas: those would not be inlined into the vectors' versions.
struct ValueAt {
  const float* x;
  inline __attribute__((always_inline)) float operator()(int64_t i, int64_t) const { return x[i]; }
};
struct SquareAbout {
  const float *x, *mean;
  inline __attribute__((always_inline)) float operator()(int64_t i, int64_t c) const {
    return (x[i] - mean[c]) * (x[i] - mean[c]);
  }
};
struct ProductAbout {
  const float *dy, *x, *mean;
  inline __attribute__((always_inline)) float operator()(int64_t i, int64_t c) const {
    return dy[i] * (x[i] - mean[c]);
  }
};

HOARFROST_LOOP(sum_values, (const float* x, int64_t n_pixels, int64_t width, float* sums), (x, n_pixels, width, sums)) {
  sum_over_pixels(n_pixels, width, sums, ValueAt{x});
}
HOARFROST_LOOP(sum_squares, (const float* x, const float* mean, int64_t n_pixels, int64_t width, float* sums),
               (x, mean, n_pixels, width, sums)) {
  sum_over_pixels(n_pixels, width, sums, SquareAbout{x, mean});
}
HOARFROST_LOOP(sum_products,
               (const float* dy, const float* x, const float* mean, int64_t n_pixels, int64_t width, float* sums),
               (dy, x, mean, n_pixels, width, sums)) {
  sum_over_pixels(n_pixels, width, sums, ProductAbout{dy, x, mean});
}

}  // namespace

void sum_channels(const float* x, int64_t n_pixels, int64_t width, float* sums) {
  sum_values(x, n_pixels, width, sums);
}

void sum_squares_about(const float* x, const float* mean, int64_t n_pixels, int64_t width, float* sums) {
  sum_squares(x, mean, n_pixels, width, sums);
}

void sum_products_about(const float* dy, const float* x, const float* mean, int64_t n_pixels, int64_t width,
                        float* sums) {
  sum_products(dy, x, mean, n_pixels, width, sums);
}

}  // namespace hoarfrost::runtime
