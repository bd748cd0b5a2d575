#include "runtime/kernels/matrix_vector.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/arena.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

constexpr int64_t kColumns =
    64;  // of a panel: with two rows at a time, 8 AVX-512 accumulators hide the latency of an FMA
constexpr int64_t kFewColumns = 16;

// sums[0..64) = Σ_k x[k] * panel[k][0..64)
HOARFROST_LOOP(multiply_panel, (const float* x, const float* panel, int64_t k_size, float* sums),
               (x, panel, k_size, sums)) {
  float even[kColumns] = {};
  float odd[kColumns] = {};
  int64_t k = 0;
  for (; k + 2 <= k_size; k += 2) {
    const float* row = panel + k * kColumns;
    for (int64_t i = 0; i < kColumns; ++i) even[i] += x[k] * row[i];
    for (int64_t i = 0; i < kColumns; ++i) odd[i] += x[k + 1] * row[kColumns + i];
  }
  for (; k < k_size; ++k) {
    for (int64_t i = 0; i < kColumns; ++i) even[i] += x[k] * panel[k * kColumns + i];
  }
  for (int64_t i = 0; i < kColumns; ++i) sums[i] = even[i] + odd[i];
}

// The same for a panel of 16 columns: eight rows at a time.
HOARFROST_LOOP(multiply_narrow_panel, (const float* x, const float* panel, int64_t k_size, float* sums),
               (x, panel, k_size, sums)) {
  constexpr int64_t kRows = 8;
  float partial[kRows][kFewColumns] = {};
  int64_t k = 0;
  for (; k + kRows <= k_size; k += kRows) {
    for (int64_t r = 0; r < kRows; ++r) {
      for (int64_t i = 0; i < kFewColumns; ++i) partial[r][i] += x[k + r] * panel[(k + r) * kFewColumns + i];
    }
  }
  for (; k < k_size; ++k) {
    for (int64_t i = 0; i < kFewColumns; ++i) partial[0][i] += x[k] * panel[k * kFewColumns + i];
  }
  for (int64_t i = 0; i < kFewColumns; ++i) {
    float sum = 0;
    for (int64_t r = 0; r < kRows; ++r) sum += partial[r][i];
    sums[i] = sum;
  }
}

class MatrixVectorKernel : public Kernel {
 public:
  MatrixVectorKernel(std::shared_ptr<const Arena> panels, std::vector<float> bias, bool is_relu, int64_t k_size,
                     int64_t n_columns, int64_t width)
      : panels_(std::move(panels)),
        bias_(std::move(bias)),
        is_relu_(is_relu),
        k_size_(k_size),
        n_columns_(n_columns),
        width_(width) {
    implementation = "own:matrix_vector";
    bias_.resize(static_cast<size_t>(n_columns), 0.0F);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    const int64_t n_panels = (n_columns_ + width_ - 1) / width_;
    parallel_parts(n_panels, n_panels * width_ * k_size_ * 4, [&](int64_t first, int64_t last) {
      for (int64_t panel = first; panel < last; ++panel) run_panel(x, y, panel);
    });
  }

 private:
  void run_panel(const float* x, float* y, int64_t panel) const {
    alignas(kAlignment) float sums[kColumns];
    const float* weights = reinterpret_cast<const float*>(panels_->data()) + panel * width_ * k_size_;
    if (width_ == kColumns)
      multiply_panel(x, weights, k_size_, sums);
    else
      multiply_narrow_panel(x, weights, k_size_, sums);
    const int64_t first = panel * width_;
    for (int64_t i = 0; i < std::min(width_, n_columns_ - first); ++i) {
      const float value = sums[i] + bias_[static_cast<size_t>(first + i)];
      y[first + i] = is_relu_ ? std::max(value, 0.0F) : value;
    }
  }

  std::shared_ptr<const Arena> panels_;
  std::vector<float> bias_;
  bool is_relu_;
  int64_t k_size_, n_columns_, width_;
};

// Which row of the weights belongs to element i of an image in blocked layout.
int64_t row_of(int64_t i, const Shape& image, int block) {
  if (block == 0) return i;
  const int64_t n_channels = image.last();
  const int64_t n_pixels = image.n_elements() / n_channels / image[0];
  return i / block % n_pixels * n_channels + i / (block * n_pixels) * block + i % block;
}

Arena pack(const Operation& operation, const Site& site, int block, int64_t width) {
  const Tensor weights = site.value(operation.inputs[1]).constant.aligned();
  const auto values = weights.values<float>();
  const int64_t k_size = weights.shape()[0];
  const int64_t n_columns = weights.shape()[1];
  const int64_t n_panels = (n_columns + width - 1) / width;
  Arena result(static_cast<size_t>(n_panels * width * k_size) * sizeof(float));
  auto* target = reinterpret_cast<float*>(result.data());
  for (int64_t panel = 0; panel < n_panels; ++panel) {
    for (int64_t k = 0; k < k_size; ++k, target += width) {
      const int64_t row = operation.flattened ? row_of(k, *operation.flattened, block) : k;
      for (int64_t i = 0; i < std::min(width, n_columns - panel * width); ++i) {
        const auto column = static_cast<size_t>(panel * width + i);
        target[i] = values[static_cast<size_t>(row * n_columns) + column] *
                    (operation.scale.empty() ? 1.0F : operation.scale[column]);
      }
    }
  }
  return result;
}

}  // namespace

std::unique_ptr<Kernel> make_matrix_vector(const Operation& operation, const Site& site) {
  const Shape& output = site.shape(operation.outputs[0]);
  const bool is_relu = operation.activation && operation.activation->algorithm == dnnl::algorithm::eltwise_relu &&
                       operation.activation->alpha == 0;
  if (output.rank() != 2 || output[0] != 1 || (operation.activation && !is_relu)) return nullptr;
  const ValueId input = operation.inputs[0];
  Layout layout = operation.flattened ? site.layout(input) : Layout{};
  int block = channel_block(site.shape(input), layout);
  if (block < 0) {
    layout.reset();
    block = 0;
  }
  const int64_t width = output[1] < kColumns ? kFewColumns : kColumns;
  const Tensor& weights = site.value(operation.inputs[1]).constant;
  auto panels = site.weights.packed(weights, fmt::format("panels {} {}", block, width), operation.scale,
                                    [&] { return pack(operation, site, block, width); });
  auto kernel = std::make_unique<MatrixVectorKernel>(std::move(panels), operation.bias, is_relu, weights.shape()[0],
                                                     output[1], width);
  kernel->inputs = {{input, layout}};
  kernel->output_layouts.resize(1);
  return kernel;
}

}  // namespace hoarfrost::runtime
