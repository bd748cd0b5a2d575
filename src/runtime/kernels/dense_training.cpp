// x · w + bias of a dense layer whose weights change, with the relu behind it: w stays as it lies, and what a block of
// it is read for, all rows of x, happens while the block is in the first cache. oneDNN's would first rewrite all of w
// in an order of its own.
#include <algorithm>
#include <array>

#include "runtime/arena.h"
#include "runtime/kernel.h"
#include "runtime/kernels/avx512.h"
#include "runtime/kernels/clamp.h"
#include "runtime/kernels/matmul.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

constexpr int64_t kFloats = 16;
constexpr int64_t kPanelVectors = 4;  // of outputs: with six rows of x they fill 24 of 32 registers with sums
constexpr int64_t kPanel = kPanelVectors * kFloats;
constexpr int64_t kRegisterRows = 6;
constexpr int64_t kDepth = 128;  // rows of w to a block: 32 KB

// sums[r][0 … 16 N) += Σ_k x[r][k] w[k][0 … 16 N) for R rows; w's rows follow each other, those of sums are kPanel
// apart.
template <int R, int N>
HOARFROST_AVX512 void add_products(const float* x, int64_t x_stride, const float* w, int64_t n, float* sums) {
  __m512 s[R][N];
  for (int r = 0; r < R; ++r) {
    for (int i = 0; i < N; ++i) s[r][i] = _mm512_loadu_ps(sums + r * kPanel + i * kFloats);
  }
  for (int64_t k = 0; k < n; ++k, w += N * kFloats) {
    __m512 row[N];
    for (int i = 0; i < N; ++i) row[i] = _mm512_loadu_ps(w + i * kFloats);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const __m512 value = _mm512_set1_ps(x[r * x_stride + k]);
#pragma GCC unroll 4
      for (int i = 0; i < N; ++i) s[r][i] = _mm512_fmadd_ps(value, row[i], s[r][i]);
    }
  }
  for (int r = 0; r < R; ++r) {
    for (int i = 0; i < N; ++i) _mm512_storeu_ps(sums + r * kPanel + i * kFloats, s[r][i]);
  }
}

using AddProducts = void (*)(const float*, int64_t, const float*, int64_t, float*);
template <int N>
constexpr std::array<AddProducts, kRegisterRows> kAddRows = {add_products<1, N>, add_products<2, N>,
                                                             add_products<3, N>, add_products<4, N>,
                                                             add_products<5, N>, add_products<6, N>};
constexpr std::array<std::array<AddProducts, kRegisterRows>, kPanelVectors> kAddProducts = {kAddRows<1>, kAddRows<2>,
                                                                                            kAddRows<3>, kAddRows<4>};

// Sixteen outputs of a row; a NaN stays one.
HOARFROST_AVX512_INLINE void finish(const float* sums, const float* bias, const Clamp& clamp, float* y) {
  __m512 value = _mm512_loadu_ps(sums);
  if (bias != nullptr) value = _mm512_add_ps(value, _mm512_loadu_ps(bias));
  _mm512_storeu_ps(y, _mm512_min_ps(_mm512_set1_ps(clamp.high), _mm512_max_ps(_mm512_set1_ps(clamp.low), value)));
}

HOARFROST_AVX512 void finish_rows(const float* sums, const float* bias, const Clamp& clamp, int64_t n_rows,
                                  int64_t n_vectors, float* y, int64_t y_stride) {
  for (int64_t r = 0; r < n_rows; ++r) {
    for (int64_t i = 0; i < n_vectors * kFloats; i += kFloats)
      finish(sums + r * kPanel + i, bias == nullptr ? nullptr : bias + i, clamp, y + r * y_stride + i);
  }
}

class DenseKernel : public Kernel {
 public:
  // x [rows, depth], w [depth, width], width a multiple of 16
  DenseKernel(int64_t n_rows, int64_t depth, int64_t width, const Clamp& clamp)
      : n_rows_(n_rows), depth_(depth), width_(width), clamp_(clamp) {
    implementation = "own:dense";
    scratchpad_bytes = static_cast<size_t>(omp_get_max_threads() * n_thread_floats()) * sizeof(float);
  }

  // inputs x, w (, bias)
  void run(const Buffers& buffers, const dnnl::stream&) override {
    auto* scratch = static_cast<float*>(buffers.scratchpad);
    parallel_parts_numbered(n_panels(), [&](int64_t thread, int64_t first, int64_t last) {
      float* block = scratch + thread * n_thread_floats();
      float* sums = block + kDepth * kPanel;
      std::fill_n(sums, (last - first) * n_rows_ * kPanel, 0.0F);
      for (int64_t k = 0; k < depth_; k += kDepth) {
        for (int64_t panel = first; panel < last; ++panel) {
          const Place next = panel + 1 < last ? Place{k, panel + 1} : Place{k + kDepth, first};
          add_block(buffers, {k, panel}, next, block, sums + (panel - first) * n_rows_ * kPanel);
        }
      }
      for (int64_t panel = first; panel < last; ++panel)
        finish_panel(buffers, panel, sums + (panel - first) * n_rows_ * kPanel);
    });
  }

 private:
  struct Place {
    int64_t k, panel;
  };
  [[nodiscard]] int64_t n_panels() const { return (width_ + kPanel - 1) / kPanel; }
  [[nodiscard]] int64_t n_columns(int64_t panel) const { return std::min(kPanel, width_ - panel * kPanel); }
  // A thread's: a block of w, and the sums of its panels, at most all of them.
  [[nodiscard]] int64_t n_thread_floats() const { return kDepth * kPanel + n_panels() * n_rows_ * kPanel; }

  // The block comes in one piece, while the next one is fetched into the second cache.
  void copy_block(const float* w, const Place& here, const Place& next, float* block) const {
    constexpr int64_t kLine = 16;  // floats
    const int64_t n = std::min(kDepth, depth_ - here.k), n_next = std::min(kDepth, depth_ - next.k);
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(w + (here.k + i) * width_ + here.panel * kPanel, n_columns(here.panel),
                  block + i * n_columns(here.panel));
      if (i >= n_next) continue;
      const float* coming = w + (next.k + i) * width_ + next.panel * kPanel;
      for (int64_t c = 0; c < n_columns(next.panel); c += kLine) __builtin_prefetch(coming + c, 0, 2);
    }
  }

  void add_block(const Buffers& buffers, const Place& here, const Place& next, float* block, float* sums) const {
    const auto* x = static_cast<const float*>(buffers.inputs[0]) + here.k;
    copy_block(static_cast<const float*>(buffers.inputs[1]), here, next, block);
    const auto& by_rows = kAddProducts[static_cast<size_t>(n_columns(here.panel) / kFloats - 1)];
    const int64_t n = std::min(kDepth, depth_ - here.k);
    for (int64_t r = 0; r < n_rows_; r += kRegisterRows)
      by_rows[static_cast<size_t>(std::min(kRegisterRows, n_rows_ - r) - 1)](x + r * depth_, depth_, block, n,
                                                                             sums + r * kPanel);
  }

  void finish_panel(const Buffers& buffers, int64_t panel, const float* sums) const {
    const int64_t column = panel * kPanel;
    const float* bias = inputs.size() > 2 ? static_cast<const float*>(buffers.inputs[2]) + column : nullptr;
    finish_rows(sums, bias, clamp_, n_rows_, n_columns(panel) / kFloats,
                static_cast<float*>(buffers.outputs[0]) + column, width_);
  }

  int64_t n_rows_, depth_, width_;
  Clamp clamp_;
};

}  // namespace

std::unique_ptr<Kernel> make_dense_training(const Operation& operation, const Site& site) {
  constexpr int64_t kFewRows = 12, kFewColumns = 128;
  if (!has_avx512() || !is_trained_product(operation, site.list) || site.value(operation.inputs[1]).is_constant())
    return nullptr;
  if (!operation.is_plain() && !operation.bias_value) return nullptr;
  const auto is_transposed = [&](const char* which) { return operation.node->get_or<bool>(which, false); };
  const Shape &x = site.shape(operation.inputs[0]), &w = site.shape(operation.inputs[1]);
  const auto clamp = clamp_of(operation.activation);
  if (is_transposed("transpose_a") || is_transposed("transpose_b") || !clamp || operation.addend) return nullptr;
  if (x[0] < kFewRows || w[1] < kFewColumns || w[1] % kFloats != 0) return nullptr;
  auto kernel = std::make_unique<DenseKernel>(x[0], x[1], w[1], *clamp);
  kernel->inputs = {{operation.inputs[0], {}}, {operation.inputs[1], {}}};
  if (operation.bias_value) kernel->inputs.push_back({*operation.bias_value, {}});
  kernel->output_layouts.resize(1);
  return kernel;
}
#else
std::unique_ptr<Kernel> make_dense_training(const Operation&, const Site&) { return nullptr; }
#endif

}  // namespace hoarfrost::runtime
