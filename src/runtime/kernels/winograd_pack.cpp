#include "runtime/kernels/winograd_pack.h"

#include "runtime/parallel.h"

#if defined(__x86_64__)
namespace hoarfrost::runtime::winograd {
namespace {

// G g Gt of sixteen filters, at u[point * stride].
HOARFROST_AVX512_INLINE void transform_filter(const __m512 g[3][3], float* u, int64_t stride) {
  __m512 rows[kPatch][3];
  for (int p = 0; p < kPatch; ++p) {
    const __m512 by[3] = {_mm512_set1_ps(static_cast<float>(kG[p][0])), _mm512_set1_ps(static_cast<float>(kG[p][1])),
                          _mm512_set1_ps(static_cast<float>(kG[p][2]))};
    for (int s = 0; s < 3; ++s)
      rows[p][s] = _mm512_fmadd_ps(by[0], g[0][s], _mm512_fmadd_ps(by[1], g[1][s], _mm512_mul_ps(by[2], g[2][s])));
  }
  for (int q = 0; q < kPatch; ++q) {
    const __m512 by[3] = {_mm512_set1_ps(static_cast<float>(kG[q][0])), _mm512_set1_ps(static_cast<float>(kG[q][1])),
                          _mm512_set1_ps(static_cast<float>(kG[q][2]))};
    for (int p = 0; p < kPatch; ++p) {
      const __m512 sum =
          _mm512_fmadd_ps(by[0], rows[p][0], _mm512_fmadd_ps(by[1], rows[p][1], _mm512_mul_ps(by[2], rows[p][2])));
      _mm512_storeu_ps(u + (p * kPatch + q) * stride, sum);
    }
  }
}

// U of channels `from` to `to` of those that come in.
HOARFROST_AVX512 void pack(const float* filter, const FilterOrder& order, const Sizes& s, int64_t from, int64_t to,
                           float* u) {
  const __m512i steps = _mm512_mullo_epi32(_mm512_set1_epi32(static_cast<int>(order.out)),
                                           _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  for (int64_t panel = 0; panel < s.n_panels(); ++panel) {
    const int64_t width = s.panel_vectors(panel) * kVector;
    for (int64_t c = from; c < to; ++c) {
      for (int64_t vector = 0; vector < s.panel_vectors(panel); ++vector) {
        const int64_t o = (panel * kPanelVectors + vector) * kVector, n = std::min(kVector, s.n_out_channels - o);
        const auto mask = static_cast<__mmask16>((1U << n) - 1U);
        __m512 g[3][3];
        for (int64_t r = 0; r < 3; ++r) {
          for (int64_t q = 0; q < 3; ++q) {
            const float* at = filter + order.first + r * order.row + q * order.column + c * order.in + o * order.out;
            g[r][q] = order.out == 1 ? _mm512_maskz_loadu_ps(mask, at)
                                     : _mm512_mask_i32gather_ps(_mm512_setzero_ps(), mask, steps, at, sizeof(float));
          }
        }
        transform_filter(g, u + c * width + vector * kVector, s.n_channels * width);
      }
    }
    u += kPoints * s.n_channels * width;
  }
}

}  // namespace

void pack_filter(const float* filter, const FilterOrder& order, const Convolution& convolution, float* u) {
  const Sizes& s = convolution.sizes();
  parallel_parts(s.n_channels, convolution.n_filter_floats() * 4,
                 [&](int64_t first, int64_t last) { pack(filter, order, s, first, last, u); });
}

}  // namespace hoarfrost::runtime::winograd
#endif
