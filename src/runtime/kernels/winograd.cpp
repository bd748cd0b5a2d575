#include "runtime/kernels/winograd.h"

#include <omp.h>

#include <algorithm>
#include <array>

#include "runtime/arena.h"
#include "runtime/kernels/clamp.h"
#include "runtime/kernels/simd.h"
#include "runtime/kernels/winograd_transforms.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using namespace winograd;

constexpr int64_t kPanelVectors = 4;  // of output channels: with six rows they fill 24 of 32 registers with sums
constexpr int64_t kRows = 6;
constexpr int64_t kMaxTiles = 24;              // of a job: its values of a panel stay in the second cache
constexpr int64_t kManyFilterBytes = 1 << 20;  // more than that stays in no core's second cache: divide the filters

int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

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

struct Sizes {
  int64_t n_images, height, width, n_channels, out_height, out_width, n_out_channels;
  int64_t pad_top, pad_left;
  ChannelStrides in, out;

  [[nodiscard]] int64_t tile_rows() const { return ceil_divide(out_height, kTile); }
  [[nodiscard]] int64_t tile_columns() const { return ceil_divide(out_width, kTile); }
  [[nodiscard]] int64_t n_tiles() const { return n_images * tile_rows() * tile_columns(); }
  [[nodiscard]] int64_t padded_channels() const { return ceil_divide(n_channels, kVector) * kVector; }
  [[nodiscard]] int64_t n_panels() const { return ceil_divide(n_out_channels, kPanelVectors * kVector); }
  [[nodiscard]] int64_t panel_vectors(int64_t panel) const {
    return std::min(kPanelVectors, ceil_divide(n_out_channels, kVector) - panel * kPanelVectors);
  }
};

struct TilePlace {
  int64_t image, y, x;  // of its first output
};

TilePlace place_of(const Sizes& s, int64_t tile) {
  const int64_t per_image = s.tile_rows() * s.tile_columns();
  const int64_t in_image = tile % per_image;
  return {tile / per_image, in_image / s.tile_columns() * kTile, in_image % s.tile_columns() * kTile};
}

__mmask16 channel_mask(const ChannelStrides& strides, int64_t n_channels, int64_t vector) {
  const int64_t n = n_channels - vector * kVector;
  return strides.has_whole_blocks || n >= kVector ? 0xFFFF : static_cast<__mmask16>((1 << n) - 1);
}

// V of one tile's vector of channels: v[point * point_stride …].
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

// What is done to a vector of outputs before it is written.
struct Epilogue {
  const float* bias;  // of all channels, padded to whole vectors
  bool has_addend;    // in the output's memory
  Clamp clamp;
};

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

// U, panel by panel of output channels: [panel][point][C][16 * vectors of the panel].
Arena pack_filter(const Tensor& filter, const std::vector<float>& scale, const Sizes& s) {
  const Tensor aligned = filter.aligned();
  const auto g = aligned.values<float>();
  const int64_t c_size = s.n_channels, k_size = s.n_out_channels;
  Arena result(static_cast<size_t>(kPoints * c_size * ceil_divide(k_size, kVector) * kVector) * sizeof(float));
  auto* u = reinterpret_cast<float*>(result.data());
  for (int64_t panel = 0; panel < s.n_panels(); ++panel) {
    const int64_t width = s.panel_vectors(panel) * kVector;
    const int64_t first = panel * kPanelVectors * kVector;
    for (int64_t c = 0; c < c_size; ++c) {
      for (int64_t i = 0; i < std::min(width, k_size - first); ++i) {
        const auto k = static_cast<size_t>(first + i);
        double rows[kPatch][3] = {};
        for (int point = 0; point < kPatch; ++point) {
          for (int64_t column = 0; column < 3; ++column) {
            for (int64_t row = 0; row < 3; ++row)
              rows[point][column] +=
                  kG[point][row] * g[static_cast<size_t>(((row * 3 + column) * c_size + c) * k_size) + k];
          }
        }
        const double by = scale.empty() ? 1 : scale[k];
        for (int64_t p = 0; p < kPoints; ++p) {
          double sum = 0;
          for (int column = 0; column < 3; ++column) sum += rows[p / kPatch][column] * kG[p % kPatch][column];
          u[(p * c_size + c) * width + i] = static_cast<float>(sum * by);
        }
      }
    }
    u += kPoints * c_size * width;
  }
  return result;
}

class WinogradKernel : public Kernel {
 public:
  WinogradKernel(const Sizes& sizes, std::shared_ptr<const Arena> filter, std::vector<float> bias, bool has_addend,
                 const Clamp& clamp)
      : s_(sizes), filter_(std::move(filter)), bias_(std::move(bias)), has_addend_(has_addend), clamp_(clamp) {
    implementation = "own:winograd 4x4";
    bias_.resize(static_cast<size_t>(ceil_divide(s_.n_out_channels, kVector) * kVector), 0.0F);
    const int64_t n_threads = omp_get_max_threads();
    const int64_t n_filter_bytes = kPoints * s_.n_channels * s_.n_out_channels * 4;
    n_parts_ = n_filter_bytes > kManyFilterBytes ? std::min(n_threads, s_.n_panels()) : 1;
    const int64_t n_sharing = n_threads / n_parts_;
    const int64_t n_rounds = ceil_divide(s_.n_tiles(), kMaxTiles * n_sharing);
    n_job_tiles_ = ceil_divide(s_.n_tiles(), n_sharing * n_rounds);
    n_blocks_ = ceil_divide(s_.n_tiles(), n_job_tiles_);
    scratchpad_bytes = static_cast<size_t>(n_threads * n_thread_floats()) * sizeof(float);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    auto* scratchpad = static_cast<float*>(buffers.scratchpad);
    parallel_parts_numbered(n_parts_ * n_blocks_, [&](int64_t thread, int64_t first, int64_t last) {
      for (int64_t job = first; job < last; ++job)
        run_job(x, y, scratchpad + thread * n_thread_floats(), job / n_blocks_, job % n_blocks_);
    });
  }

 private:
  [[nodiscard]] int64_t n_thread_floats() const {
    return kPoints * n_job_tiles_ * (s_.padded_channels() + kPanelVectors * kVector);
  }

  // A block of tiles through one part of the panels.
  void run_job(const float* x, float* y, float* scratch, int64_t part, int64_t block) const {
    const int64_t first_tile = block * n_job_tiles_;
    const int64_t n_tiles = std::min(n_job_tiles_, s_.n_tiles() - first_tile);
    const int64_t c_stride = s_.padded_channels();
    float* v = scratch;
    float* m = scratch + kPoints * n_job_tiles_ * c_stride;
    for (int64_t t = 0; t < n_tiles; ++t) {
      const TilePlace tile = place_of(s_, first_tile + t);
      for (int64_t vector = 0; vector * kVector < s_.n_channels; ++vector)
        transform_patch(x + tile.image * s_.in.image, s_, tile, vector, v + t * c_stride + vector * kVector,
                        n_job_tiles_ * c_stride);
    }
    for (int64_t panel = s_.n_panels() * part / n_parts_; panel < s_.n_panels() * (part + 1) / n_parts_; ++panel) {
      multiply_panel(v, n_tiles, panel, m);
      const Epilogue epilogue{bias_.data(), has_addend_, clamp_};
      const int64_t width = s_.panel_vectors(panel) * kVector;
      for (int64_t t = 0; t < n_tiles; ++t) {
        const TilePlace tile = place_of(s_, first_tile + t);
        for (int64_t i = 0; i < s_.panel_vectors(panel); ++i)
          transform_tile(m + t * width + i * kVector, n_job_tiles_ * width, s_, tile, panel * kPanelVectors + i,
                         epilogue, y + tile.image * s_.out.image);
      }
    }
  }

  void multiply_panel(const float* v, int64_t n_tiles, int64_t panel, float* m) const {
    const int64_t c_stride = s_.padded_channels();
    const int64_t n_vectors = s_.panel_vectors(panel);
    const int64_t width = n_vectors * kVector;
    const float* u =
        reinterpret_cast<const float*>(filter_->data()) + panel * kPoints * s_.n_channels * kPanelVectors * kVector;
    const auto& by_rows = kMultiply[static_cast<size_t>(n_vectors - 1)];
    for (int64_t point = 0; point < kPoints; ++point) {
      for (int64_t t = 0; t < n_tiles; t += kRows) {
        const int64_t n_rows = std::min(kRows, n_tiles - t);
        by_rows[static_cast<size_t>(n_rows - 1)](v + (point * n_job_tiles_ + t) * c_stride, c_stride,
                                                 u + point * s_.n_channels * width, s_.n_channels,
                                                 m + (point * n_job_tiles_ + t) * width, width);
      }
    }
  }

  Sizes s_;
  std::shared_ptr<const Arena> filter_;
  std::vector<float> bias_;
  bool has_addend_;
  Clamp clamp_;
  int64_t n_parts_ = 1;      // of the panels: each is a job of its own
  int64_t n_blocks_ = 1;     // of the tiles
  int64_t n_job_tiles_ = 1;  // of a block
};

bool fits(const Operation& operation, const std::vector<ops::WindowAxis>& windows, const Site& site) {
  if (!operation.is("Conv2D") || windows.size() != 2) return false;
  if (site.shape(operation.inputs[0]).last() != site.shape(operation.inputs[1])[2]) return false;
  return std::ranges::all_of(
      windows, [](const ops::WindowAxis& w) { return w.kernel == 3 && w.stride == 1 && w.dilation == 1; });
}

}  // namespace

std::unique_ptr<Kernel> make_winograd(const Operation& operation, const std::vector<ops::WindowAxis>& windows,
                                      const Layout& input, const Layout& output, const Site& site) {
  if (!has_avx512() || !fits(operation, windows, site)) return nullptr;
  const auto clamp = clamp_of(operation.activation);
  if (!clamp) return nullptr;
  const Shape& from = site.shape(operation.inputs[0]);
  const Shape& to = site.shape(operation.outputs[0]);
  const auto in = channel_strides(from, input);
  const auto out = channel_strides(to, output);
  if (!in || !out) return nullptr;
  const Sizes sizes{
      from[0], from[1], from[2], from[3], to[1], to[2], to[3], windows[0].pad_before, windows[1].pad_before, *in, *out};
  const Tensor& filter = site.value(operation.inputs[1]).constant;
  auto packed = site.weights.packed(filter, "winograd", operation.scale,
                                    [&] { return pack_filter(filter, operation.scale, sizes); });
  auto kernel =
      std::make_unique<WinogradKernel>(sizes, std::move(packed), operation.bias, operation.addend.has_value(), *clamp);
  kernel->inputs = {{operation.inputs[0], input}};
  kernel->output_layouts = {output};
  if (operation.addend) {
    kernel->inputs.push_back({*operation.addend, output});
    kernel->in_place_input = 1;
  }
  return kernel;
}
#else
std::unique_ptr<Kernel> make_winograd(const Operation&, const std::vector<ops::WindowAxis>&, const Layout&,
                                      const Layout&, const Site&) {
  return nullptr;
}
#endif

}  // namespace hoarfrost::runtime
