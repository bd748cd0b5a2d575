#include "runtime/kernels/few_channels.h"

#include <omp.h>

#include <array>

#include "runtime/kernels/avx512.h"
#include "runtime/kernels/channel_sums.h"

#if defined(__x86_64__)
namespace hoarfrost::runtime::few_channels {
namespace {

using winograd::kVector;
using winograd::Sizes;

int64_t n_taps(const Sizes& s) { return 9 * s.n_channels; }
int64_t k_stride(const Sizes& s) { return winograd::ceil_divide(s.n_out_channels, kVector) * kVector; }

// An image between its zeros.
int64_t padded_row(const Sizes& s) { return (s.out_width + 2) * s.n_channels; }
int64_t n_padded_floats(const Sizes& s) {
  return winograd::ceil_divide((s.out_height + 2) * padded_row(s), kVector) * kVector;
}
void pad(const Sizes& s, const float* x, float* padded) {
  std::fill_n(padded, n_padded_floats(s), 0.0F);
  const int64_t n_rows = std::min(s.height, s.out_height + 2 - s.pad_top);
  const int64_t n_columns = std::min(s.width, s.out_width + 2 - s.pad_left);
  for (int64_t y = 0; y < n_rows; ++y)
    std::copy_n(x + y * s.in.row, n_columns * s.n_channels,
                padded + (y + s.pad_top) * padded_row(s) + s.pad_left * s.n_channels);
}

// y[p][0 … 16 N) of P pixels that follow each other, x being the first one's patch.
template <int P, int N>
HOARFROST_AVX512 void convolve(const float* x, const float* w, const Sizes& s, const Clamp& clamp, float* y) {
  const int64_t w_row = k_stride(s), n_channels = s.n_channels;
  __m512 sums[P][N];  // in registers only where every loop over it is unrolled
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n) sums[p][n] = _mm512_loadu_ps(w + n_taps(s) * w_row + n * kVector);
  }
  for (int64_t r = 0; r < 3; ++r, x += padded_row(s)) {
    for (int64_t t = 0; t < 3 * n_channels; ++t, w += w_row) {
      __m512 row[N];
#pragma GCC unroll 2
      for (int n = 0; n < N; ++n) row[n] = _mm512_loadu_ps(w + n * kVector);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        const __m512 value = _mm512_set1_ps(x[p * n_channels + t]);
#pragma GCC unroll 2
        for (int n = 0; n < N; ++n) sums[p][n] = _mm512_fmadd_ps(value, row[n], sums[p][n]);
      }
    }
  }
  const __m512 low = _mm512_set1_ps(clamp.low), high = _mm512_set1_ps(clamp.high);
#pragma GCC unroll 8
  for (int p = 0; p < P; ++p) {
#pragma GCC unroll 2
    for (int n = 0; n < N; ++n)
      _mm512_storeu_ps(y + p * s.out.pixel + n * s.out.block,
                       _mm512_min_ps(high, _mm512_max_ps(low, sums[p][n])));  // a NaN stays one
  }
}

using Convolve = void (*)(const float*, const float*, const Sizes&, const Clamp&, float*);
constexpr int64_t kMostPixels = 8, kMostVectors = 2;
template <int N>
constexpr std::array<Convolve, kMostPixels> kPixels = {convolve<1, N>, convolve<2, N>, convolve<3, N>, convolve<4, N>,
                                                       convolve<5, N>, convolve<6, N>, convolve<7, N>, convolve<8, N>};
constexpr std::array<std::array<Convolve, kMostPixels>, kMostVectors> kConvolve = {kPixels<1>, kPixels<2>};

// Some pixels of an output's gradient: `rows` from dy on, each of s.out_width; x is the first one's patch.
struct Pixels {
  const float *x, *dy;
  int64_t x_row, n_rows;
  __mmask16 last;  // channels that there are of the last vector
};

// sums[r][t][0 … 16 N) += Σ x[tap t of the patch's row r] dy[0 … 16 N) over the pixels: R rows of T taps.
template <int R, int T, int N>
HOARFROST_AVX512 void add_products(const Pixels& p, const Sizes& s, float* sums, int64_t k_stride) {
  constexpr int64_t kChannels = T / 3;
  __m512 sum[R * T][N];  // in registers only where every loop over it is unrolled
#pragma GCC unroll 12
  for (int t = 0; t < R * T; ++t) {
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) sum[t][n] = _mm512_loadu_ps(sums + t * k_stride + n * kVector);
  }
  for (int64_t y = 0; y < p.n_rows; ++y) {
    const float* x = p.x + y * p.x_row;
    const float* dy = p.dy + y * s.out.row;
    for (int64_t column = 0; column < s.out_width; ++column, x += kChannels, dy += s.out.pixel) {
      __m512 given[N];
#pragma GCC unroll 4
      for (int n = 0; n < N; ++n)
        given[n] = _mm512_maskz_loadu_ps(n + 1 == N ? p.last : __mmask16{0xFFFF}, dy + n * s.out.block);
#pragma GCC unroll 3
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 12
        for (int t = 0; t < T; ++t) {
          const __m512 value = _mm512_set1_ps(x[r * p.x_row + t]);
#pragma GCC unroll 4
          for (int n = 0; n < N; ++n) sum[r * T + t][n] = _mm512_fmadd_ps(value, given[n], sum[r * T + t][n]);
        }
      }
    }
  }
#pragma GCC unroll 12
  for (int t = 0; t < R * T; ++t) {
#pragma GCC unroll 4
    for (int n = 0; n < N; ++n) _mm512_storeu_ps(sums + t * k_stride + n * kVector, sum[t][n]);
  }
}

// The channels that there are of the vector that ends at channel k.
__mmask16 mask_of(const Sizes& s, int64_t k) {
  return s.out.has_whole_blocks || k <= s.n_out_channels ? 0xFFFF
                                                         : static_cast<__mmask16>(0xFFFF >> (k - s.n_out_channels));
}

// As many rows of a patch at once, and vectors of output channels, as 32 registers hold the sums of.
struct Loop {
  using Add = void (*)(const Pixels&, const Sizes&, float*, int64_t);
  int64_t n_rows, n_vectors;
  std::array<Add, 3> add;  // by vectors
};
constexpr std::array<Loop, kMost> kLoops = {
    {{3, 3, {add_products<3, 3, 1>, add_products<3, 3, 2>, add_products<3, 3, 3>}},
     {1, 3, {add_products<1, 6, 1>, add_products<1, 6, 2>, add_products<1, 6, 3>}},
     {1, 2, {add_products<1, 9, 1>, add_products<1, 9, 2>, nullptr}},
     {1, 2, {add_products<1, 12, 1>, add_products<1, 12, 2>, nullptr}}}};

}  // namespace

int64_t Convolution::n_filter_floats() const { return (n_taps(s_) + 1) * k_stride(s_); }
int64_t Convolution::n_thread_floats() const { return n_padded_floats(s_); }

void Convolution::pack(const float* filter, const float* bias, float* w) const {
  std::fill_n(w, n_filter_floats(), 0.0F);
  const int64_t k = s_.n_out_channels;
  for (int64_t tap = 0; tap < n_taps(s_); ++tap) std::copy_n(filter + tap * k, k, w + tap * k_stride(s_));
  if (bias != nullptr) std::copy_n(bias, k, w + n_taps(s_) * k_stride(s_));
}

void Convolution::run_image(const float* x, const float* w, float* y, float* own) const {
  pad(s_, x, own);
  const int64_t n_groups = winograd::ceil_divide(s_.out_width, kMostPixels), n_vectors = k_stride(s_) / kVector;
  for (int64_t row = 0; row < s_.out_height; ++row) {
    for (int64_t vector = 0; vector < n_vectors; vector += kMostVectors) {
      const auto& by_pixels = kConvolve[static_cast<size_t>(std::min(kMostVectors, n_vectors - vector) - 1)];
      for (int64_t group = 0; group < n_groups; ++group) {
        const int64_t first = s_.out_width * group / n_groups, last = s_.out_width * (group + 1) / n_groups;
        by_pixels[static_cast<size_t>(last - first - 1)](
            own + row * padded_row(s_) + first * s_.n_channels, w + vector * kVector, s_, clamp_,
            y + row * s_.out.row + first * s_.out.pixel + vector * s_.out.block);
      }
    }
  }
}

FilterGradient::FilterGradient(const Sizes& sizes) : s_(sizes), n_threads_(omp_get_max_threads()) {
  sums_.resize(static_cast<size_t>(n_threads_ * (n_sums() + k_stride(s_))));
}

int64_t FilterGradient::n_sums() const { return n_taps(s_) * k_stride(s_); }

// A thread's: an image's sums [9 C][K], and the image between its zeros.
int64_t FilterGradient::n_thread_floats() const { return n_sums() + n_padded_floats(s_); }

void FilterGradient::begin() { std::ranges::fill(sums_, 0.0); }

void FilterGradient::begin_image(const float* x, float* own) const {
  std::fill_n(own, n_sums(), 0.0F);
  pad(s_, x, own + n_sums());
}

// Of a patch's rows one after another (or all at once), a part of the image's.
void FilterGradient::add_part(const float* dy, int64_t part, float* own) const {
  const Loop& loop = kLoops[static_cast<size_t>(s_.n_channels - 1)];
  const int64_t per_row = kFetches * loop.n_rows / 3;  // parts
  const int64_t r = part / per_row, first = s_.out_height * (part % per_row) / per_row;
  const int64_t last = s_.out_height * (part % per_row + 1) / per_row;
  const float* padded = own + n_sums();
  float* sums = own + r * 3 * s_.n_channels * k_stride(s_);
  for (int64_t k = 0; k < k_stride(s_); k += loop.n_vectors * kVector) {
    const int64_t n_vectors = std::min(loop.n_vectors, (k_stride(s_) - k) / kVector);
    const Pixels pixels{padded + (first + r) * padded_row(s_), dy + first * s_.out.row + k / kVector * s_.out.block,
                        padded_row(s_), last - first, mask_of(s_, k + n_vectors * kVector)};
    loop.add[static_cast<size_t>(n_vectors - 1)](pixels, s_, sums + k, k_stride(s_));
  }
}

void FilterGradient::end_image(int64_t thread, const float* dy, float* own) {
  double* sums = sums_.data() + thread * (n_sums() + k_stride(s_));
  for (int64_t i = 0; i < n_sums(); ++i) sums[i] += own[i];
  double* bias = sums + n_sums();
  float* of_image = own;  // whose sums are joined
  for (int64_t k = 0, width = s_.out.pixel; k < s_.n_out_channels; k += width) {
    sum_channels(dy + k / kVector * s_.out.block, s_.out_height * s_.out_width, width, of_image);
    for (int64_t i = 0; i < std::min(width, s_.n_out_channels - k); ++i) bias[k + i] += of_image[i];
  }
}

void FilterGradient::finish(float* filter, float* bias) const {
  const auto sum = [&](int64_t i) {
    double result = 0;
    for (int64_t thread = 0; thread < n_threads_; ++thread)
      result += sums_[static_cast<size_t>(thread * (n_sums() + k_stride(s_)) + i)];
    return static_cast<float>(result);
  };
  for (int64_t tap = 0; tap < n_taps(s_); ++tap) {
    for (int64_t k = 0; k < s_.n_out_channels; ++k) filter[tap * s_.n_out_channels + k] = sum(tap * k_stride(s_) + k);
  }
  if (bias == nullptr) return;
  for (int64_t k = 0; k < s_.n_out_channels; ++k) bias[k] = sum(n_sums() + k);
}

}  // namespace hoarfrost::runtime::few_channels
#endif
