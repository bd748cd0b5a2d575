// Mean and Max over space, as GlobalAveragePooling and GlobalMaxPooling are, in one loop for row-major and blocked
// layouts.
#include <algorithm>
#include <set>

#include "runtime/kernel.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

HOARFROST_LOOP(max_of_pixels, (const float* x, int64_t n_pixels, int64_t width, float* y), (x, n_pixels, width, y)) {
  for (int64_t c = 0; c < width; ++c) y[c] = x[c];
  for (int64_t pixel = 1; pixel < n_pixels; ++pixel) {
    for (int64_t c = 0; c < width; ++c) y[c] = std::max(y[c], x[pixel * width + c]);
  }
}

// Sums of a few dozen pixels, and the sum of these: one sum over all of a large picture would lose three digits.
HOARFROST_LOOP(mean_of_pixels, (const float* x, int64_t n_pixels, int64_t width, float* y), (x, n_pixels, width, y)) {
  constexpr int64_t kRun = 64, kChannels = 64;
  const float factor = 1.0F / static_cast<float>(n_pixels);
  for (int64_t first = 0; first < width; first += kChannels) {
    const int64_t n = std::min(kChannels, width - first);
    float total[kChannels] = {};
    for (int64_t start = 0; start < n_pixels; start += kRun) {
      float sum[kChannels] = {};
      for (int64_t pixel = start; pixel < std::min(start + kRun, n_pixels); ++pixel) {
        const float* row = x + pixel * width + first;
        for (int64_t c = 0; c < n; ++c) sum[c] += row[c];
      }
      for (int64_t c = 0; c < n; ++c) total[c] += sum[c];
    }
    for (int64_t c = 0; c < n; ++c) y[first + c] = total[c] * factor;
  }
}

class SpatialKernel : public Kernel {
 public:
  SpatialKernel(bool is_max, int64_t n_planes, int64_t n_pixels, int64_t width)
      : is_max_(is_max), n_planes_(n_planes), n_pixels_(n_pixels), width_(width) {
    implementation = is_max ? "own:spatial_max" : "own:spatial_mean";
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    parallel_parts(n_planes_, n_planes_ * n_pixels_ * width_ * 4, [&](int64_t first, int64_t last) {
      for (int64_t plane = first; plane < last; ++plane) {
        const auto reduce = is_max_ ? max_of_pixels : mean_of_pixels;
        reduce(x + plane * n_pixels_ * width_, n_pixels_, width_, y + plane * width_);
      }
    });
  }

 private:
  bool is_max_;
  int64_t n_planes_, n_pixels_, width_;
};

// Whether the axes are all but the first and the last.
bool is_over_space(const Tensor& axes, int rank) {
  std::set<int64_t> found;
  const Reader reader(axes);
  for (int64_t i = 0; i < axes.n_elements(); ++i) {
    const auto axis = static_cast<int64_t>(reader[i]);
    found.insert(axis < 0 ? axis + rank : axis);
  }
  return static_cast<int>(found.size()) == rank - 2 && !found.contains(0) && !found.contains(rank - 1);
}

}  // namespace

std::unique_ptr<Kernel> make_mean(const Operation& operation, const Site& site) {
  const bool is_max = operation.is("Max");
  if (!is_max && !operation.is("Mean")) return nullptr;
  const ValueId input = operation.inputs[0];
  const Value& axes = site.value(operation.inputs[1]);
  if (!site.is_float(input) || !axes.is_constant()) return nullptr;
  const Shape& shape = site.shape(input);
  if (shape.rank() < 3 || shape.n_elements() == 0 || !is_over_space(axes.constant, shape.rank())) return nullptr;
  Layout layout = site.layout(input);
  if (channel_block(shape, layout) < 0) layout.reset();
  const int64_t width = layout ? channel_block(shape, layout) : shape.last();
  const int64_t n_planes = shape[0] * shape.last() / width;
  auto kernel = std::make_unique<SpatialKernel>(is_max, n_planes, shape.n_elements() / n_planes / width, width);
  kernel->inputs = {{input, layout}};
  kernel->output_layouts.resize(1);  // one pixel in blocks is row-major
  return kernel;
}

}  // namespace hoarfrost::runtime
