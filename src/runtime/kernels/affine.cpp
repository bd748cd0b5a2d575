// FusedBatchNorm where it could not be folded into a convolution: x * scale + shift per channel, with a relu behind it.
#include <limits>

#include "runtime/batch_norm.h"
#include "runtime/kernel.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

HOARFROST_LOOP(affine_pixels,
               (const float* x, const float* scale, const float* shift, float low, float high, float* y,
                int64_t n_pixels, int64_t width),
               (x, scale, shift, low, high, y, n_pixels, width)) {
  for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
    for (int64_t c = 0; c < width; ++c)
      y[pixel * width + c] = std::min(std::max(x[pixel * width + c] * scale[c] + shift[c], low), high);
  }
}

class AffineKernel : public Kernel {
 public:
  // Planes as in pooling.cpp: `n_planes` of `n_pixels` of `width` channels.
  AffineKernel(Affine affine, float low, float high, int64_t n_planes, int64_t n_pixels, int64_t width)
      : affine_(std::move(affine)), low_(low), high_(high), n_planes_(n_planes), n_pixels_(n_pixels), width_(width) {
    implementation = "own:affine";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    const int64_t n_blocks = static_cast<int64_t>(affine_.scale.size()) / width_;
    parallel_parts(n_planes_ * n_pixels_, n_planes_ * n_pixels_ * width_ * 4, [&](int64_t first, int64_t last) {
      while (first < last) {
        const int64_t end = std::min(last, (first / n_pixels_ + 1) * n_pixels_);
        const auto channel = static_cast<size_t>(first / n_pixels_ % n_blocks * width_);
        affine_pixels(x + first * width_, affine_.scale.data() + channel, affine_.shift.data() + channel, low_, high_,
                      y + first * width_, end - first, width_);
        first = end;
      }
    });
  }

 private:
  Affine affine_;
  float low_, high_;
  int64_t n_planes_, n_pixels_, width_;
};

}  // namespace

std::unique_ptr<Kernel> make_affine(const Operation& operation, const Site& site) {
  std::optional<Affine> affine = operation.is_affine ? operation.affine : affine_of_batch_norm(operation, site.list);
  const ValueId input = operation.inputs[0];
  if (!affine || !site.is_float(input)) return nullptr;
  const Shape& shape = site.shape(input);
  Layout layout = site.layout(input);
  if (channel_block(shape, layout) < 0) layout.reset();
  const int64_t width = layout ? channel_block(shape, layout) : shape.last();
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
  if (operation.activation) {
    low = 0;
    if (operation.activation->algorithm == dnnl::algorithm::eltwise_clip) high = operation.activation->beta;
  }
  const int64_t n_planes = shape.rank() == 0 ? 1 : layout ? shape[0] * shape.last() / width : 1;
  auto kernel =
      std::make_unique<AffineKernel>(*affine, low, high, n_planes, shape.n_elements() / width / n_planes, width);
  kernel->inputs = {{input, layout}};
  kernel->output_layouts.resize(operation.outputs.size());
  kernel->output_layouts[0] = layout;
  return kernel;
}

}  // namespace hoarfrost::runtime
