#include "runtime/kernels/winograd.h"

#include <algorithm>

#include "runtime/arena.h"
#include "runtime/kernels/clamp.h"
#include "runtime/kernels/simd.h"
#include "runtime/kernels/winograd_convolution.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using namespace winograd;

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
      : convolution_(sizes),
        filter_(std::move(filter)),
        bias_(std::move(bias)),
        has_addend_(has_addend),
        clamp_(clamp) {
    implementation = "own:winograd 4x4";
    bias_.resize(static_cast<size_t>(ceil_divide(sizes.n_out_channels, kVector) * kVector), 0.0F);
    scratchpad_bytes = convolution_.scratchpad_bytes();
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    convolution_.run(static_cast<const float*>(buffers.inputs[0]), reinterpret_cast<const float*>(filter_->data()),
                     static_cast<float*>(buffers.outputs[0]), static_cast<float*>(buffers.scratchpad),
                     {bias_.data(), has_addend_, clamp_});
  }

 private:
  Convolution convolution_;
  std::shared_ptr<const Arena> filter_;
  std::vector<float> bias_;
  bool has_addend_;
  Clamp clamp_;
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
