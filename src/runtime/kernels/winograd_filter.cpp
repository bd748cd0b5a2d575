#include "runtime/kernels/winograd_filter.h"

#include <omp.h>

#include <array>

#include "runtime/parallel.h"

#if defined(__x86_64__)
namespace hoarfrost::runtime::winograd {
namespace {

constexpr int64_t kMostRows = 6;

// The 4 values at each point, not divided: that is left to the end.
HOARFROST_AVX512_INLINE void evaluate(const __m512 g[kTile], __m512 d[kPatch]) {
  const __m512 a = _mm512_set1_ps(kA), a2 = _mm512_set1_ps(kA2), b = _mm512_set1_ps(kB), b2 = _mm512_set1_ps(kB2);
  const __m512 even_a = _mm512_fmadd_ps(a2, g[2], g[0]), odd_a = _mm512_mul_ps(a, _mm512_fmadd_ps(a2, g[3], g[1]));
  const __m512 even_b = _mm512_fmadd_ps(b2, g[2], g[0]), odd_b = _mm512_mul_ps(b, _mm512_fmadd_ps(b2, g[3], g[1]));
  d[0] = g[0];
  d[1] = _mm512_add_ps(even_a, odd_a);
  d[2] = _mm512_sub_ps(even_a, odd_a);
  d[3] = _mm512_add_ps(even_b, odd_b);
  d[4] = _mm512_sub_ps(even_b, odd_b);
  d[5] = g[3];
}

// One tile's sixteen channels of the outputs' gradient, which are added up as well.
HOARFROST_AVX512 void transform_gradient(const float* image, const Sizes& s, const TilePlace& tile, int64_t vector,
                                         float* d, int64_t point_stride, float* sums) {
  const int64_t n_there = s.n_out_channels - vector * kVector;
  const __mmask16 mask =
      s.out.has_whole_blocks || n_there >= kVector ? 0xFFFF : static_cast<__mmask16>((1 << n_there) - 1);
  const float* first = image + tile.y * s.out.row + tile.x * s.out.pixel + vector * s.out.block;
  __m512 columns[kTile][kPatch];
  __m512 sum = _mm512_setzero_ps();
  for (int j = 0; j < kTile; ++j) {
    __m512 g[kTile];
    for (int i = 0; i < kTile; ++i) {
      const bool is_there = tile.y + i < s.out_height && tile.x + j < s.out_width;
      g[i] = is_there ? _mm512_maskz_loadu_ps(mask, first + i * s.out.row + j * s.out.pixel) : _mm512_setzero_ps();
      sum = _mm512_add_ps(sum, g[i]);
    }
    evaluate(g, columns[j]);
  }
  for (int i = 0; i < kPatch; ++i) {
    __m512 row[kTile], points[kPatch];
    for (int j = 0; j < kTile; ++j) row[j] = columns[j][i];
    evaluate(row, points);
    for (int j = 0; j < kPatch; ++j) _mm512_storeu_ps(d + (i * kPatch + j) * point_stride, points[j]);
  }
  _mm512_storeu_ps(sums, _mm512_add_ps(_mm512_loadu_ps(sums), sum));
}

// m[r][0 … 16 N) += Σ_t v[t][r] d[t][0 … 16 N) for R rows.
template <int R, int N>
HOARFROST_AVX512 void add_products(const float* v, int64_t v_stride, const float* d, int64_t d_stride, int64_t n_tiles,
                                   float* m) {
  __m512 sums[R][N];
  for (int r = 0; r < R; ++r) {
    for (int n = 0; n < N; ++n) sums[r][n] = _mm512_loadu_ps(m + r * d_stride + n * kVector);
  }
  for (int64_t t = 0; t < n_tiles; ++t, v += v_stride, d += d_stride) {
    __m512 row[N];
    for (int n = 0; n < N; ++n) row[n] = _mm512_loadu_ps(d + n * kVector);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512 value = _mm512_set1_ps(v[r]);
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n) sums[r][n] = _mm512_fmadd_ps(value, row[n], sums[r][n]);
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int n = 0; n < N; ++n) _mm512_storeu_ps(m + r * d_stride + n * kVector, sums[r][n]);
  }
}

using AddProducts = void (*)(const float*, int64_t, const float*, int64_t, int64_t, float*);
template <int N>
constexpr std::array<AddProducts, kMostRows> kAddRows = {add_products<1, N>, add_products<2, N>, add_products<3, N>,
                                                         add_products<4, N>, add_products<5, N>, add_products<6, N>};
constexpr std::array<std::array<AddProducts, kMostRows>, kPanelVectors> kAddProducts = {kAddRows<1>, kAddRows<2>,
                                                                                        kAddRows<3>, kAddRows<4>};

}  // namespace

FilterGradient::FilterGradient(const Sizes& sizes)
    : s_(sizes), n_threads_(omp_get_max_threads()), k_stride_(ceil_divide(s_.n_out_channels, kVector) * kVector) {
  bias_.resize(static_cast<size_t>(n_threads_ * k_stride_));
  has_sums_.resize(static_cast<size_t>(n_threads_));
}

// A thread's: M [point][C][K], then V [point][tile][C], D [point][tile][K] and K sums.
int64_t FilterGradient::n_thread_floats() const {
  return n_sums() + kPoints * (point_stride(kJobTiles, s_.padded_channels()) + point_stride(kJobTiles, k_stride_)) +
         k_stride_;
}

void FilterGradient::begin() {
  std::ranges::fill(bias_, 0.0);
  std::ranges::fill(has_sums_, 0);
}

void FilterGradient::transform(int64_t thread, const float* x, const float* dy, int64_t first, int64_t last,
                               float* own) {
  uint8_t& has_sums = has_sums_[static_cast<size_t>(thread)];
  if (has_sums == 0) std::fill_n(own, n_sums(), 0.0F);
  has_sums = 1;
  const int64_t c_stride = s_.padded_channels();
  float* v = own + n_sums();
  float* d = v + kPoints * point_stride(kJobTiles, c_stride);
  float* sums = d + kPoints * point_stride(kJobTiles, k_stride_);
  std::fill_n(sums, k_stride_, 0.0F);
  for (int64_t t = 0; t < last - first; ++t) {
    const TilePlace tile = place_of(s_, first + t);
    for (int64_t vector = 0; vector * kVector < s_.n_channels; ++vector)
      transform_patch(x + tile.image * s_.in.image, s_, tile, vector, v + t * c_stride + vector * kVector,
                      point_stride(kJobTiles, c_stride));
    for (int64_t vector = 0; vector * kVector < k_stride_; ++vector) {
      transform_gradient(dy + tile.image * s_.out.image, s_, tile, vector, d + t * k_stride_ + vector * kVector,
                         point_stride(kJobTiles, k_stride_), sums + vector * kVector);
    }
  }
  double* bias = bias_.data() + thread * k_stride_;
  for (int64_t k = 0; k < s_.n_out_channels; ++k) bias[k] += sums[k];
}

void FilterGradient::multiply(int64_t point, int64_t n_tiles, float* own) const {
  const int64_t n_groups = ceil_divide(s_.n_channels, kMostRows), c_stride = s_.padded_channels();
  const float* v = own + n_sums() + point * point_stride(kJobTiles, c_stride);
  const float* d =
      own + n_sums() + kPoints * point_stride(kJobTiles, c_stride) + point * point_stride(kJobTiles, k_stride_);
  float* m = own + point * s_.n_channels * k_stride_;
  for (int64_t k = 0; k < k_stride_; k += kPanelVectors * kVector) {
    const auto n_vectors = static_cast<size_t>(std::min(kPanelVectors, (k_stride_ - k) / kVector));
    for (int64_t group = 0; group < n_groups; ++group) {
      const int64_t c = s_.n_channels * group / n_groups;
      const auto n_rows = static_cast<size_t>(s_.n_channels * (group + 1) / n_groups - c);
      kAddProducts[n_vectors - 1][n_rows - 1](v + c, c_stride, d + k, k_stride_, n_tiles, m + c * k_stride_ + k);
    }
  }
}

// The filter's rows of input channel c: At M A of all threads' sums, with the points' divisors.
HOARFROST_AVX512 void FilterGradient::write(const float* scratch, int64_t thread_stride, int64_t c,
                                            float* filter) const {
  for (int64_t k = 0; k < k_stride_; k += kVector) {
    __m512 half[3][kPatch];
    for (int q = 0; q < kPatch; ++q) {
      for (int r = 0; r < 3; ++r) half[r][q] = _mm512_setzero_ps();
      for (int p = 0; p < kPatch; ++p) {
        __m512 sum = _mm512_setzero_ps();
        for (int64_t thread = 0; thread < n_threads_; ++thread) {
          if (has_sums_[static_cast<size_t>(thread)] == 0) continue;
          const float* own = scratch + thread * thread_stride + ((p * kPatch + q) * s_.n_channels + c) * k_stride_ + k;
          sum = _mm512_add_ps(sum, _mm512_loadu_ps(own));
        }
        for (int r = 0; r < 3; ++r)
          half[r][q] = _mm512_fmadd_ps(_mm512_set1_ps(static_cast<float>(kG[p][r])), sum, half[r][q]);
      }
    }
    const int64_t n = s_.n_out_channels - k;
    const __mmask16 mask = n >= kVector ? 0xFFFF : static_cast<__mmask16>((1 << n) - 1);
    for (int r = 0; r < 3; ++r) {
      for (int s = 0; s < 3; ++s) {
        __m512 sum = _mm512_setzero_ps();
        for (int q = 0; q < kPatch; ++q)
          sum = _mm512_fmadd_ps(_mm512_set1_ps(static_cast<float>(kG[q][s])), half[r][q], sum);
        _mm512_mask_storeu_ps(filter + ((r * 3 + s) * s_.n_channels + c) * s_.n_out_channels + k, mask, sum);
      }
    }
  }
}

void FilterGradient::finish(const float* scratch, int64_t thread_stride, float* filter, float* bias) const {
  parallel_parts(s_.n_channels, n_sums() * 4, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; ++c) write(scratch, thread_stride, c, filter);
  });
  if (bias == nullptr) return;
  for (int64_t k = 0; k < s_.n_out_channels; ++k) {
    double sum = 0;
    for (int64_t thread = 0; thread < n_threads_; ++thread) sum += bias_[static_cast<size_t>(thread * k_stride_ + k)];
    bias[k] = static_cast<float>(sum);
  }
}

}  // namespace hoarfrost::runtime::winograd
#endif
