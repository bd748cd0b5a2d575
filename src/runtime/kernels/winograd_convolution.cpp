#include "runtime/kernels/winograd_convolution.h"

#include <omp.h>

#include <array>

#include "runtime/parallel.h"

#if defined(__x86_64__)
namespace hoarfrost::runtime::winograd {
namespace {

constexpr int64_t kRows = 6;
constexpr int64_t kMaxTiles = 24;              // of a job: its values of a panel stay in the second cache
constexpr int64_t kManyFilterBytes = 1 << 20;  // more than that stays in no core's second cache: divide the filters

using MultiplyRows = void (*)(const float*, int64_t, const float*, int64_t, float*, int64_t);

template <int R, int N>
HOARFROST_AVX512 void multiply(const float* a, int64_t a_stride, const float* b, int64_t n_channels, float* out,
                               int64_t out_stride) {
  multiply_rows<R, N>(a, a_stride, b, n_channels, out, out_stride);
}

template <int N>
constexpr std::array<MultiplyRows, kRows> kMultiplyRows = {multiply<1, N>, multiply<2, N>, multiply<3, N>,
                                                           multiply<4, N>, multiply<5, N>, multiply<6, N>};
constexpr std::array<std::array<MultiplyRows, kRows>, kPanelVectors> kMultiply = {kMultiplyRows<1>, kMultiplyRows<2>,
                                                                                  kMultiplyRows<3>, kMultiplyRows<4>};

__mmask16 channel_mask(const ChannelStrides& strides, int64_t n_channels, int64_t vector) {
  const int64_t n = n_channels - vector * kVector;
  return strides.has_whole_blocks || n >= kVector ? 0xFFFF : static_cast<__mmask16>((1 << n) - 1);
}

HOARFROST_AVX512 void transform_tile(const float* m, int64_t point_stride, const Sizes& s, const TilePlace& tile,
                                     int64_t vector, const Epilogue& epilogue, float* image) {
  __m512 columns[kPatch][kTile];
  for (int j = 0; j < kPatch; ++j) {
    __m512 points[kPatch];
    for (int i = 0; i < kPatch; ++i) points[i] = _mm512_loadu_ps(m + (i * kPatch + j) * point_stride);
    transform_output(points, columns[j]);
  }
  const __mmask16 mask = channel_mask(s.out, s.n_out_channels, vector);
  const __m512 bias = _mm512_loadu_ps(epilogue.bias + vector * kVector);
  const __m512 low = _mm512_set1_ps(epilogue.clamp.low), high = _mm512_set1_ps(epilogue.clamp.high);
  const auto n_rows = static_cast<int>(std::min<int64_t>(kTile, s.out_height - tile.y));
  const auto n_columns = static_cast<int>(std::min<int64_t>(kTile, s.out_width - tile.x));
  float* first = image + tile.y * s.out.row + tile.x * s.out.pixel + vector * s.out.block;
  for (int i = 0; i < n_rows; ++i) {
    __m512 points[kPatch], y[kTile];
    for (int j = 0; j < kPatch; ++j) points[j] = columns[j][i];
    transform_output(points, y);
    for (int j = 0; j < n_columns; ++j) {
      float* target = first + i * s.out.row + j * s.out.pixel;
      __m512 value = _mm512_add_ps(y[j], bias);
      if (epilogue.has_addend) value = _mm512_add_ps(value, _mm512_maskz_loadu_ps(mask, target));
      // The second operand is what comes out of a NaN.
      _mm512_mask_storeu_ps(target, mask, _mm512_min_ps(high, _mm512_max_ps(low, value)));
    }
  }
}

}  // namespace

TilePlace place_of(const Sizes& s, int64_t tile) {
  const int64_t per_image = s.tile_rows() * s.tile_columns();
  const int64_t in_image = tile % per_image;
  return {tile / per_image, in_image / s.tile_columns() * kTile, in_image % s.tile_columns() * kTile};
}

HOARFROST_AVX512 void transform_patch(const float* image, const Sizes& s, const TilePlace& tile, int64_t vector,
                                      float* v, int64_t point_stride) {
  alignas(64) static constexpr float kZeros[kVector] = {};
  const __mmask16 mask = channel_mask(s.in, s.n_channels, vector);
  const int64_t y = tile.y - s.pad_top, x = tile.x - s.pad_left;
  const float* first = image + y * s.in.row + x * s.in.pixel + vector * s.in.block;
  const bool is_inside = y >= 0 && x >= 0 && y + kPatch <= s.height && x + kPatch <= s.width;
  __m512 columns[kPatch][kPatch];
  for (int j = 0; j < kPatch; ++j) {
    __m512 d[kPatch];
    const bool has_column = x + j >= 0 && x + j < s.width;
    for (int i = 0; i < kPatch; ++i) {
      const bool is_there = is_inside || (has_column && y + i >= 0 && y + i < s.height);
      d[i] = _mm512_maskz_loadu_ps(mask, is_there ? first + i * s.in.row + j * s.in.pixel : kZeros);
    }
    transform_input(d, columns[j]);
  }
  for (int i = 0; i < kPatch; ++i) {
    __m512 row[kPatch], transformed[kPatch];
    for (int j = 0; j < kPatch; ++j) row[j] = columns[j][i];
    transform_input(row, transformed);
    for (int j = 0; j < kPatch; ++j) _mm512_storeu_ps(v + (i * kPatch + j) * point_stride, transformed[j]);
  }
}

Convolution::Convolution(const Sizes& sizes) : s_(sizes), n_threads_(omp_get_max_threads()) {
  const int64_t n_filter_bytes = kPoints * s_.n_channels * s_.n_out_channels * 4;
  n_parts_ = n_filter_bytes > kManyFilterBytes ? std::min(n_threads_, s_.n_panels()) : 1;
  const int64_t n_sharing = n_threads_ / n_parts_;
  const int64_t n_rounds = ceil_divide(s_.n_tiles(), kMaxTiles * n_sharing);
  n_job_tiles_ = ceil_divide(s_.n_tiles(), n_sharing * n_rounds);
  n_blocks_ = ceil_divide(s_.n_tiles(), n_job_tiles_);
}

int64_t Convolution::n_thread_floats() const {
  return kPoints *
         (point_stride(n_job_tiles_, s_.padded_channels()) + point_stride(n_job_tiles_, kPanelVectors * kVector));
}

void Convolution::run(const float* x, const float* u, float* y, float* scratch, const Epilogue& epilogue) const {
  parallel_parts_numbered(n_parts_ * n_blocks_, [&](int64_t thread, int64_t first, int64_t last) {
    for (int64_t job = first; job < last; ++job) {
      const int64_t part = job / n_blocks_, tile = job % n_blocks_ * n_job_tiles_;
      run_job(x, u, y, scratch + thread * n_thread_floats(), epilogue, s_.n_panels() * part / n_parts_,
              s_.n_panels() * (part + 1) / n_parts_, tile, std::min(n_job_tiles_, s_.n_tiles() - tile));
    }
  });
}

void Convolution::run_images(const float* x, const float* u, float* y, float* scratch, const Epilogue& epilogue,
                             int64_t image, int64_t n_images) const {
  const int64_t per_image = s_.tile_rows() * s_.tile_columns(), n_tiles = n_images * per_image;
  const int64_t n_jobs = ceil_divide(n_tiles, n_job_tiles_);
  for (int64_t job = 0; job < n_jobs; ++job) {
    const int64_t first = n_tiles * job / n_jobs, last = n_tiles * (job + 1) / n_jobs;
    run_job(x, u, y, scratch, epilogue, 0, s_.n_panels(), image * per_image + first, last - first);
  }
}

// Some tiles through some panels.
void Convolution::run_job(const float* x, const float* u, float* y, float* scratch, const Epilogue& epilogue,
                          int64_t first_panel, int64_t last_panel, int64_t first_tile, int64_t n_tiles) const {
  const int64_t c_stride = s_.padded_channels();
  float* v = scratch;
  float* m = scratch + kPoints * point_stride(n_job_tiles_, c_stride);
  for (int64_t t = 0; t < n_tiles; ++t) {
    const TilePlace tile = place_of(s_, first_tile + t);
    for (int64_t vector = 0; vector * kVector < s_.n_channels; ++vector)
      transform_patch(x + tile.image * s_.in.image, s_, tile, vector, v + t * c_stride + vector * kVector,
                      point_stride(n_job_tiles_, c_stride));
  }
  for (int64_t panel = first_panel; panel < last_panel; ++panel) {
    multiply_panel(v, u, n_tiles, panel, m, x, first_tile + n_job_tiles_);
    const int64_t width = s_.panel_vectors(panel) * kVector;
    for (int64_t t = 0; t < n_tiles; ++t) {
      const TilePlace tile = place_of(s_, first_tile + t);
      for (int64_t i = 0; i < s_.panel_vectors(panel); ++i)
        transform_tile(m + t * width + i * kVector, point_stride(n_job_tiles_, width), s_, tile,
                       panel * kPanelVectors + i, epilogue, y + tile.image * s_.out.image);
    }
  }
}

void Convolution::multiply_panel(const float* v, const float* u, int64_t n_tiles, int64_t panel, float* m,
                                 const float* x, int64_t next_tile) const {
  const int64_t c_stride = s_.padded_channels();
  const int64_t n_vectors = s_.panel_vectors(panel);
  const int64_t width = n_vectors * kVector;
  u += panel * kPoints * s_.n_channels * kPanelVectors * kVector;
  const auto& by_rows = kMultiply[static_cast<size_t>(n_vectors - 1)];
  for (int64_t point = 0; point < kPoints; ++point) {
    if (panel == 0) fetch_tiles(x, s_.in.image, s_, next_tile, n_job_tiles_, point);
    for (int64_t t = 0; t < n_tiles; t += kRows) {
      const int64_t n_rows = std::min(kRows, n_tiles - t);
      by_rows[static_cast<size_t>(n_rows - 1)](v + point * point_stride(n_job_tiles_, c_stride) + t * c_stride,
                                               c_stride, u + point * s_.n_channels * width, s_.n_channels,
                                               m + point * point_stride(n_job_tiles_, width) + t * width, width);
    }
  }
}

}  // namespace hoarfrost::runtime::winograd
#endif
