#include "runtime/kernels/winograd_training.h"

#include "runtime/arena.h"
#include "runtime/kernels/planes.h"
#include "runtime/kernels/simd.h"
#include "runtime/kernels/winograd_convolution.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using namespace winograd;

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

// How a filter [3, 3, C, K] is read: element (r, s) of what leads from channel i to channel o is
// data[first + r * row + s * column + i * in + o * out].
struct FilterOrder {
  int64_t first, row, column, in, out;
};

// U of channels `from` to `to` of those that come in, as Convolution::run reads it.
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

// A convolution that transforms its filter each time.
class TrainedWinogradKernel : public Kernel {
 public:
  TrainedWinogradKernel(const Sizes& sizes, const FilterOrder& order, size_t i_filter, bool has_bias,
                        const Clamp& clamp)
      : convolution_(sizes), order_(order), i_filter_(i_filter), has_bias_(has_bias), clamp_(clamp) {
    implementation = "own:winograd 4x4";
    bias_.resize(static_cast<size_t>(ceil_divide(sizes.n_out_channels, kVector) * kVector), 0.0F);
    filter_at_ = (convolution_.scratchpad_bytes() + kAlignment - 1) / kAlignment * kAlignment;
    scratchpad_bytes = filter_at_ + static_cast<size_t>(convolution_.n_filter_floats()) * sizeof(float);
  }

  // inputs: the filter, what is convolved (in the order of `inputs`), and the bias
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const Sizes& s = convolution_.sizes();
    const auto* filter = static_cast<const float*>(buffers.inputs[i_filter_]);
    auto* u = reinterpret_cast<float*>(static_cast<std::byte*>(buffers.scratchpad) + filter_at_);
    parallel_parts(s.n_channels, convolution_.n_filter_floats() * 4,
                   [&](int64_t first, int64_t last) { pack(filter, order_, s, first, last, u); });
    if (has_bias_) std::copy_n(static_cast<const float*>(buffers.inputs[2]), s.n_out_channels, bias_.data());
    convolution_.run(static_cast<const float*>(buffers.inputs[1 - i_filter_]), u,
                     static_cast<float*>(buffers.outputs[0]), static_cast<float*>(buffers.scratchpad),
                     {bias_.data(), false, clamp_});
  }

 private:
  Convolution convolution_;
  FilterOrder order_;
  size_t i_filter_;
  bool has_bias_;
  Clamp clamp_;
  std::vector<float> bias_;
  size_t filter_at_ = 0;
};

Layout layout_of(const Shape& shape, bool is_blocked) { return blocks_of(shape, is_blocked ? kVector : 0); }

// The convolution from one value to the other.
Sizes sizes_of(const Shape& from, const Shape& to, int64_t pad_top, int64_t pad_left, bool is_blocked) {
  return {from[0],
          from[1],
          from[2],
          from[3],
          to[1],
          to[2],
          to[3],
          pad_top,
          pad_left,
          *channel_strides(from, layout_of(from, is_blocked)),
          *channel_strides(to, layout_of(to, is_blocked))};
}

}  // namespace

bool has_trained_winograd(const Shape& input, const Shape& filter, const std::vector<ops::WindowAxis>& windows) {
  constexpr int64_t kEnough = 16;  // channels: below, transforming costs more than multiplying
  if (!has_avx512() || windows.size() != 2 || filter.rank() != 4 || input.last() != filter[2]) return false;
  return std::min(filter[2], filter[3]) >= kEnough && std::ranges::all_of(windows, [](const ops::WindowAxis& w) {
           return w.kernel == 3 && w.stride == 1 && w.dilation == 1 && w.pad_before <= 2;
         });
}

std::unique_ptr<Kernel> make_winograd_forward(const TrainedWinograd& what, const Operation& operation,
                                              const Site& site) {
  const auto clamp = clamp_of(operation.activation);
  if (!clamp) return nullptr;
  const Shape &from = site.shape(what.input), &to = site.shape(what.output);
  const Sizes sizes = sizes_of(from, to, what.windows[0].pad_before, what.windows[1].pad_before, what.is_blocked);
  const int64_t c = from.last(), k = to.last();
  auto kernel = std::make_unique<TrainedWinogradKernel>(sizes, FilterOrder{0, 3 * c * k, c * k, k, 1}, 1,
                                                        operation.bias_value.has_value(), *clamp);
  kernel->inputs = {{what.input, layout_of(from, what.is_blocked)}, {what.filter, {}}};
  if (operation.bias_value) kernel->inputs.push_back({*operation.bias_value, {}});
  kernel->output_layouts = {layout_of(to, what.is_blocked)};
  return kernel;
}

// The output's gradient convolved with the filter turned about, from K channels to C.
std::unique_ptr<Kernel> make_winograd_by_input(const TrainedWinograd& what, const Site& site) {
  const Shape &from = site.shape(what.output), &to = site.shape(what.input);
  const Sizes sizes =
      sizes_of(from, to, 2 - what.windows[0].pad_before, 2 - what.windows[1].pad_before, what.is_blocked);
  const int64_t c = to.last(), k = from.last();
  auto kernel = std::make_unique<TrainedWinogradKernel>(sizes, FilterOrder{8 * c * k, -3 * c * k, -c * k, 1, k}, 0,
                                                        false, Clamp{});
  kernel->inputs = {{what.filter, {}}, {what.output, layout_of(from, what.is_blocked)}};
  kernel->output_layouts = {layout_of(to, what.is_blocked)};
  return kernel;
}
#else
bool has_trained_winograd(const Shape&, const Shape&, const std::vector<ops::WindowAxis>&) { return false; }
std::unique_ptr<Kernel> make_winograd_forward(const TrainedWinograd&, const Operation&, const Site&) { return nullptr; }
std::unique_ptr<Kernel> make_winograd_by_input(const TrainedWinograd&, const Site&) { return nullptr; }
#endif

}  // namespace hoarfrost::runtime
