// The transforms and the matrix product of Winograd's F(4x4, 3x3), sixteen channels at a time. Names as in Lavin and
// Gray (2015): a tile's input d [6, 6] becomes V = Bt d B, the filter g [3, 3] becomes U = G g Gt, the output is At (U
// V) A.
#pragma once

#if defined(__x86_64__)
#include <cstdint>

#include "runtime/kernels/avx512.h"

namespace hoarfrost::runtime::winograd {

constexpr int64_t kVector = 16;    // floats of a register: channels that are transformed together
constexpr int kTile = 4;           // outputs of a tile, each way
constexpr int kPatch = kTile + 2;  // inputs of a tile, each way
constexpr int kPoints = kPatch * kPatch;

// The points of interpolation 0, ±a, ±b and infinity.
constexpr float kA = 0.625F, kB = 1.5F;
constexpr float kA2 = kA * kA, kB2 = kB * kB;

// Bt d for six rows; Bt's rows are the polynomials that vanish at all points but one.
HOARFROST_AVX512_INLINE void transform_input(const __m512 d[kPatch], __m512 v[kPatch]) {
  const __m512 a2 = _mm512_set1_ps(kA2), b2 = _mm512_set1_ps(kB2);
  const __m512 even_a = _mm512_fnmadd_ps(b2, d[2], d[4]);  // at ±a: (x² - b²) x², and ±a (x² - b²) x
  const __m512 odd_a = _mm512_mul_ps(_mm512_set1_ps(kA), _mm512_fnmadd_ps(b2, d[1], d[3]));
  const __m512 even_b = _mm512_fnmadd_ps(a2, d[2], d[4]);
  const __m512 odd_b = _mm512_mul_ps(_mm512_set1_ps(kB), _mm512_fnmadd_ps(a2, d[1], d[3]));
  const __m512 sum = _mm512_set1_ps(kA2 + kB2), product = _mm512_set1_ps(kA2 * kB2);
  v[0] = _mm512_fmadd_ps(product, d[0], _mm512_fnmadd_ps(sum, d[2], d[4]));
  v[1] = _mm512_add_ps(even_a, odd_a);
  v[2] = _mm512_sub_ps(even_a, odd_a);
  v[3] = _mm512_add_ps(even_b, odd_b);
  v[4] = _mm512_sub_ps(even_b, odd_b);
  v[5] = _mm512_fmadd_ps(product, d[1], _mm512_fnmadd_ps(sum, d[3], d[5]));
}

// At m for six rows: row i of At has the points' powers i, infinity only the last.
HOARFROST_AVX512_INLINE void transform_output(const __m512 m[kPatch], __m512 y[kTile]) {
  const __m512 even_a = _mm512_add_ps(m[1], m[2]), odd_a = _mm512_sub_ps(m[1], m[2]);
  const __m512 even_b = _mm512_add_ps(m[3], m[4]), odd_b = _mm512_sub_ps(m[3], m[4]);
  y[0] = _mm512_add_ps(m[0], _mm512_add_ps(even_a, even_b));
  y[1] = _mm512_fmadd_ps(_mm512_set1_ps(kA), odd_a, _mm512_mul_ps(_mm512_set1_ps(kB), odd_b));
  y[2] = _mm512_fmadd_ps(_mm512_set1_ps(kA2), even_a, _mm512_mul_ps(_mm512_set1_ps(kB2), even_b));
  y[3] = _mm512_fmadd_ps(_mm512_set1_ps(kA2 * kA), odd_a, _mm512_fmadd_ps(_mm512_set1_ps(kB2 * kB), odd_b, m[5]));
}

// G, whose rows are the filter at each point, divided by the product of its differences from the other finite points.
constexpr double kG[kPatch][3] = {
    {1.0 / (double{kA2} * kB2), 0, 0},
    {1 / (2 * double{kA2} * (double{kA2} - kB2)), kA / (2 * double{kA2} * (double{kA2} - kB2)),
     1 / (2 * (double{kA2} - kB2))},
    {1 / (2 * double{kA2} * (double{kA2} - kB2)), -kA / (2 * double{kA2} * (double{kA2} - kB2)),
     1 / (2 * (double{kA2} - kB2))},
    {1 / (2 * double{kB2} * (double{kB2} - kA2)), kB / (2 * double{kB2} * (double{kB2} - kA2)),
     1 / (2 * (double{kB2} - kA2))},
    {1 / (2 * double{kB2} * (double{kB2} - kA2)), -kB / (2 * double{kB2} * (double{kB2} - kA2)),
     1 / (2 * (double{kB2} - kA2))},
    {0, 0, 1},
};

// out[r][0 … 16 N) = Σ_c a[r][c] b[c][0 … 16 N) for R rows; b's rows follow each other.
template <int R, int N>
HOARFROST_AVX512_INLINE void multiply_rows(const float* a, int64_t a_stride, const float* b, int64_t n_channels,
                                           float* out, int64_t out_stride) {
  __m512 sums[R][N];
  for (int r = 0; r < R; ++r) {
    for (int n = 0; n < N; ++n) sums[r][n] = _mm512_setzero_ps();
  }
  for (int64_t c = 0; c < n_channels; ++c, b += N * kVector) {
    __m512 row[N];
    for (int n = 0; n < N; ++n) row[n] = _mm512_loadu_ps(b + n * kVector);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512 value = _mm512_set1_ps(a[r * a_stride + c]);
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) sums[r][n] = _mm512_fmadd_ps(value, row[n], sums[r][n]);
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int n = 0; n < N; ++n) _mm512_storeu_ps(out + r * out_stride + n * kVector, sums[r][n]);
  }
}

}  // namespace hoarfrost::runtime::winograd
#endif
