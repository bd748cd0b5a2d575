#include "runtime/kernels/pool_windows.h"

#include <algorithm>

#include "runtime/kernels/avx512.h"
#include "runtime/kernels/simd.h"

namespace hoarfrost::runtime {
namespace {

// The plain loops.

void pool_row_plain(const WindowRow& row, const Normalization& by, float* y, uint8_t* places) {
  const int64_t steps[] = {0, row.width, row.n_row, row.n_row + row.width};
  for (int64_t w = 0; w < row.n_windows; ++w) {
    for (int64_t c = 0; c < row.width; ++c) {
      const float* x = row.top + w * 2 * row.width + c;
      float best = (x[0] - by.mean[c]) * by.slope[c] + by.start[c];
      uint8_t which = 0;
      for (uint8_t k = 1; k < 4; ++k) {
        const float value = (x[steps[k]] - by.mean[c]) * by.slope[c] + by.start[c];
        if (value > best || value != value) best = value, which = k;
      }
      y[w * row.width + c] = best;
      places[w * row.width + c] = which;
    }
  }
}

void add_row_plain(const WindowRow& row, const float* dy, const uint8_t* places, const float* mean, double* sums,
                   double* products) {
  const int64_t steps[] = {0, row.width, row.n_row, row.n_row + row.width};
  for (int64_t w = 0; w < row.n_windows; ++w) {
    for (int64_t c = 0; c < row.width; ++c) {
      const int64_t i = w * row.width + c;
      sums[c] += dy[i];
      products[c] += static_cast<double>(dy[i]) * (row.top[i + w * row.width + steps[places[i]]] - mean[c]);
    }
  }
}

void differentiate_row_plain(const WindowRow& row, const float* dy, const uint8_t* places, const GradientTerms& t,
                             float* dx) {
  const int64_t steps[] = {0, row.width, row.n_row, row.n_row + row.width};
  for (int64_t w = 0; w < row.n_windows; ++w) {
    for (int64_t c = 0; c < row.width; ++c) {
      const int64_t i = w * row.width + c;
      for (uint8_t k = 0; k < 4; ++k) {
        const int64_t at = i + w * row.width + steps[k];
        const float x = row.top[at], base = (x - t.mean[c]) * t.by_x[c] + t.shift[c];
        dx[at] = x <= t.least ? 0 : places[i] == k ? dy[i] * t.by_dy[c] + base : base;
      }
    }
  }
}

#if defined(__x86_64__)
constexpr int64_t kMaskedFloats = 16;

// The channels from c on that there are, at most 16.
__mmask16 mask_of(const WindowRow& row, int64_t c) {
  return row.width - c >= kMaskedFloats ? 0xFFFF : static_cast<__mmask16>((1 << (row.width - c)) - 1);
}

HOARFROST_AVX512 void pool_row_avx512(const WindowRow& row, const Normalization& by, float* y, uint8_t* places) {
  const int64_t steps[] = {0, row.width, row.n_row, row.n_row + row.width};
  for (int64_t c = 0; c < row.width; c += kMaskedFloats) {
    const __mmask16 mask = mask_of(row, c);
    const __m512 mean = _mm512_maskz_loadu_ps(mask, by.mean + c), slope = _mm512_maskz_loadu_ps(mask, by.slope + c);
    const __m512 start = _mm512_maskz_loadu_ps(mask, by.start + c);
    for (int64_t w = 0; w < row.n_windows; ++w) {
      const float* x = row.top + w * 2 * row.width + c;
      __m512 best = _mm512_fmadd_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x), mean), slope, start);
      __m512i which = _mm512_setzero_si512();
#pragma GCC unroll 3
      for (int k = 1; k < 4; ++k) {
        const __m512 value =
            _mm512_fmadd_ps(_mm512_sub_ps(_mm512_maskz_loadu_ps(mask, x + steps[k]), mean), slope, start);
        const __mmask16 is_more =
            _mm512_cmp_ps_mask(value, best, _CMP_GT_OQ) | _mm512_cmp_ps_mask(value, value, _CMP_UNORD_Q);
        best = _mm512_mask_mov_ps(best, is_more, value);
        which = _mm512_mask_mov_epi32(which, is_more, _mm512_set1_epi32(k));
      }
      _mm512_mask_storeu_ps(y + w * row.width + c, mask, best);
      _mm512_mask_cvtepi32_storeu_epi8(places + w * row.width + c, mask, which);
    }
  }
}

HOARFROST_AVX512_INLINE __m512i load_places(const uint8_t* places, __mmask16 mask) {
  return _mm512_cvtepu8_epi32(_mm_maskz_loadu_epi8(mask, places));
}

HOARFROST_AVX512 void add_row_avx512(const WindowRow& row, const float* dy, const uint8_t* places, const float* means,
                                     double* sums, double* products) {
  const int64_t steps[] = {0, row.width, row.n_row, row.n_row + row.width};
  for (int64_t c = 0; c < row.width; c += kMaskedFloats) {
    const __mmask16 mask = mask_of(row, c);
    const __m512 mean = _mm512_maskz_loadu_ps(mask, means + c);
    __m512 sum = _mm512_setzero_ps(), product = _mm512_setzero_ps();
    for (int64_t w = 0; w < row.n_windows; ++w) {
      const float* top = row.top + w * 2 * row.width + c;
      const __m512i which = load_places(places + w * row.width + c, mask);
      __m512 x = _mm512_maskz_loadu_ps(mask, top);
#pragma GCC unroll 3
      for (int k = 1; k < 4; ++k)
        x = _mm512_mask_loadu_ps(x, mask & _mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(k)), top + steps[k]);
      const __m512 given = _mm512_maskz_loadu_ps(mask, dy + w * row.width + c);
      sum = _mm512_add_ps(sum, given);
      product = _mm512_fmadd_ps(given, _mm512_sub_ps(x, mean), product);
    }
    alignas(64) float both[2][kMaskedFloats];
    _mm512_store_ps(both[0], sum);
    _mm512_store_ps(both[1], product);
    for (int64_t i = 0; i < std::min(kMaskedFloats, row.width - c); ++i) {
      sums[c + i] += both[0][i];
      products[c + i] += both[1][i];
    }
  }
}

HOARFROST_AVX512 void differentiate_row_avx512(const WindowRow& row, const float* dy, const uint8_t* places,
                                               const GradientTerms& t, float* dx) {
  const int64_t steps[] = {0, row.width, row.n_row, row.n_row + row.width};
  const __m512 least = _mm512_set1_ps(t.least);
  for (int64_t c = 0; c < row.width; c += kMaskedFloats) {
    const __mmask16 mask = mask_of(row, c);
    const __m512 mean = _mm512_maskz_loadu_ps(mask, t.mean + c), by_dy = _mm512_maskz_loadu_ps(mask, t.by_dy + c);
    const __m512 by_x = _mm512_maskz_loadu_ps(mask, t.by_x + c), shift = _mm512_maskz_loadu_ps(mask, t.shift + c);
    for (int64_t w = 0; w < row.n_windows; ++w) {
      const int64_t first = w * 2 * row.width + c;
      const __m512i which = load_places(places + w * row.width + c, mask);
      const __m512 given = _mm512_maskz_loadu_ps(mask, dy + w * row.width + c);
#pragma GCC unroll 4
      for (int k = 0; k < 4; ++k) {
        const __m512 x = _mm512_maskz_loadu_ps(mask, row.top + first + steps[k]);
        __m512 value = _mm512_fmadd_ps(_mm512_sub_ps(x, mean), by_x, shift);
        value = _mm512_mask3_fmadd_ps(given, by_dy, value, _mm512_cmpeq_epi32_mask(which, _mm512_set1_epi32(k)));
        const __mmask16 is_there = _mm512_cmp_ps_mask(x, least, _CMP_NLE_UQ);
        _mm512_mask_storeu_ps(dx + first + steps[k], mask, _mm512_maskz_mov_ps(is_there, value));
      }
    }
  }
}
#endif

}  // namespace

#if defined(__x86_64__)
#define HOARFROST_CALL(name, arguments) has_avx512() ? name##_avx512 arguments : name##_plain arguments
#else
#define HOARFROST_CALL(name, arguments) name##_plain arguments
#endif

void pool_row(const WindowRow& row, const Normalization& by, float* y, uint8_t* places) {
  HOARFROST_CALL(pool_row, (row, by, y, places));
}

void add_row(const WindowRow& row, const float* dy, const uint8_t* places, const float* mean, double* sums,
             double* products) {
  HOARFROST_CALL(add_row, (row, dy, places, mean, sums, products));
}

void differentiate_row(const WindowRow& row, const float* dy, const uint8_t* places, const GradientTerms& terms,
                       float* dx) {
  HOARFROST_CALL(differentiate_row, (row, dy, places, terms, dx));
}

}  // namespace hoarfrost::runtime
