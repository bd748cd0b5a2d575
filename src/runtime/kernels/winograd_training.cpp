#include "runtime/kernels/winograd_training.h"

#include "runtime/arena.h"
#include "runtime/kernels/planes.h"
#include "runtime/kernels/simd.h"
#include "runtime/kernels/winograd_filter.h"
#include "runtime/kernels/winograd_pack.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using namespace winograd;

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
    pack_filter(filter, order_, convolution_, u);
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

class FilterGradientKernel : public Kernel {
 public:
  explicit FilterGradientKernel(const Sizes& sizes) : gradient_(sizes) {
    implementation = "own:winograd 3x3 by filter";
    scratchpad_bytes = static_cast<size_t>(omp_get_max_threads() * gradient_.n_thread_floats()) * sizeof(float);
  }

  // inputs x and the output's gradient; outputs the filter's and the bias's
  void run(const Buffers& buffers, const dnnl::stream&) override {
    constexpr int64_t kJobTiles = FilterGradient::kJobTiles;
    const Sizes& s = gradient_.sizes();
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    const auto* dy = static_cast<const float*>(buffers.inputs[1]);
    auto* scratch = static_cast<float*>(buffers.scratchpad);
    gradient_.begin();
    parallel_parts_numbered(ceil_divide(s.n_tiles(), kJobTiles), [&](int64_t thread, int64_t first, int64_t last) {
      for (int64_t tile = first * kJobTiles; tile < std::min(last * kJobTiles, s.n_tiles()); tile += kJobTiles) {
        const int64_t next = std::min(tile + kJobTiles, s.n_tiles());
        gradient_.add(thread, x, dy, tile, next, scratch + thread * gradient_.n_thread_floats(), [&](int64_t point) {
          fetch_tiles(x, s.in.image, s, next, kJobTiles, point);
          fetch_tiles(dy, s.out.image, s, next, kJobTiles, point);
        });
      }
    });
    gradient_.finish(scratch, gradient_.n_thread_floats(), static_cast<float*>(buffers.outputs[0]),
                     output_layouts.size() < 2 ? nullptr : static_cast<float*>(buffers.outputs[1]));
  }

 private:
  FilterGradient gradient_;
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
  auto kernel =
      std::make_unique<TrainedWinogradKernel>(sizes, forward_order(c, k), 1, operation.bias_value.has_value(), *clamp);
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
  auto kernel = std::make_unique<TrainedWinogradKernel>(sizes, by_input_order(c, k), 0, false, Clamp{});
  kernel->inputs = {{what.filter, {}}, {what.output, layout_of(from, what.is_blocked)}};
  kernel->output_layouts = {layout_of(to, what.is_blocked)};
  return kernel;
}

std::unique_ptr<Kernel> make_winograd_by_filter(const TrainedWinograd& what, const Operation& operation,
                                                const Site& site) {
  const Shape &from = site.shape(what.input), &to = site.shape(what.output);
  auto kernel = std::make_unique<FilterGradientKernel>(
      sizes_of(from, to, what.windows[0].pad_before, what.windows[1].pad_before, what.is_blocked));
  kernel->inputs = {{what.input, layout_of(from, what.is_blocked)}, {what.output, layout_of(to, what.is_blocked)}};
  kernel->output_layouts.resize(operation.outputs.size());
  return kernel;
}
#else
bool has_trained_winograd(const Shape&, const Shape&, const std::vector<ops::WindowAxis>&) { return false; }
std::unique_ptr<Kernel> make_winograd_forward(const TrainedWinograd&, const Operation&, const Site&) { return nullptr; }
std::unique_ptr<Kernel> make_winograd_by_input(const TrainedWinograd&, const Site&) { return nullptr; }
std::unique_ptr<Kernel> make_winograd_by_filter(const TrainedWinograd&, const Operation&, const Site&) {
  return nullptr;
}
#endif

}  // namespace hoarfrost::runtime
