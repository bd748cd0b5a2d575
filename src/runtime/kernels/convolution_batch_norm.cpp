// Convolution, relu, BatchNormalization in training and MaxPool in two passes: images are convolved, and the statistics
// of what comes out taken while it is in a core's second cache; then all of it is normalized and pooled.
#include "runtime/kernels/convolution_block.h"
#include "runtime/kernels/few_channels.h"
#include "runtime/kernels/window_rows.h"
#include "runtime/kernels/winograd_pack.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using winograd::kVector;
using winograd::Sizes;

constexpr int64_t kJobTiles = 48;  // twice what Convolution takes at once

// The two kinds of convolutions, of some images.
class ByWinograd {
 public:
  ByWinograd(const Sizes& sizes, const Clamp& clamp)
      : convolution_(sizes), clamp_(clamp), order_(winograd::forward_order(sizes.n_channels, sizes.n_out_channels)) {
    bias_.assign(static_cast<size_t>(winograd::ceil_divide(sizes.n_out_channels, kVector) * kVector), 0.0F);
  }
  [[nodiscard]] int64_t n_filter_floats() const { return convolution_.n_filter_floats(); }
  [[nodiscard]] int64_t n_thread_floats() const { return convolution_.n_thread_floats(); }
  void pack(const float* filter, const float* bias, float* u) {
    winograd::pack_filter(filter, order_, convolution_, u);
    if (bias != nullptr) std::copy_n(bias, convolution_.sizes().n_out_channels, bias_.data());
  }
  void run(const float* x, const float* u, float* y, float* own, int64_t image, int64_t n) const {
    convolution_.run_images(x, u, y, own, {bias_.data(), false, clamp_}, image, n);
  }

 private:
  winograd::Convolution convolution_;
  Clamp clamp_;
  winograd::FilterOrder order_;
  std::vector<float> bias_;
};
class ByFewChannels {
 public:
  ByFewChannels(const Sizes& sizes, const Clamp& clamp)
      : convolution_(sizes, clamp), from_(sizes.in.image), to_(sizes.out.image) {}
  [[nodiscard]] int64_t n_filter_floats() const { return convolution_.n_filter_floats(); }
  [[nodiscard]] int64_t n_thread_floats() const { return convolution_.n_thread_floats(); }
  void pack(const float* filter, const float* bias, float* w) { convolution_.pack(filter, bias, w); }
  void run(const float* x, const float* w, float* y, float* own, int64_t image, int64_t n) const {
    for (int64_t i = image; i < image + n; ++i) convolution_.run_image(x + i * from_, w, y + i * to_, own);
  }

 private:
  few_channels::Convolution convolution_;
  int64_t from_, to_;
};

template <typename Convolution>
class ConvolutionBatchNormKernel : public Kernel {
 public:
  ConvolutionBatchNormKernel(const Sizes& sizes, const Clamp& clamp, const WindowRows& rows, double epsilon,
                             const Sharing& sharing)
      : s_(sizes),
        convolution_(sizes, clamp),
        rows_(rows),
        statistics_(rows.planes, sizes.n_out_channels, epsilon, sharing) {
    implementation = "own:convolution+batch_norm+max_pool";
    n_job_images_ = images_of_job(s_, kJobTiles);
    scratchpad_bytes =
        static_cast<size_t>(convolution_.n_filter_floats() + omp_get_max_threads() * convolution_.n_thread_floats()) *
        sizeof(float);
  }

  // inputs: the convolution's, scale, offset, the filter (, the bias); outputs the maxima, the statistics, (nothing,)
  // the maxima's places, x
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* input = static_cast<const float*>(buffers.inputs[0]);
    const auto* bias = inputs.size() > 4 ? static_cast<const float*>(buffers.inputs[4]) : nullptr;
    auto* y = static_cast<float*>(buffers.outputs[0]);
    auto* places = static_cast<uint8_t*>(buffers.outputs[output_layouts.size() - 2]);
    auto* x = static_cast<float*>(buffers.outputs[output_layouts.size() - 1]);
    auto* packed = static_cast<float*>(buffers.scratchpad);
    float* threads = packed + convolution_.n_filter_floats();
    convolution_.pack(static_cast<const float*>(buffers.inputs[3]), bias, packed);
    statistics_.begin();
    const int64_t n_pieces = statistics_.pieces().n / s_.n_images;  // of an image
    parallel_parts_numbered(
        winograd::ceil_divide(s_.n_images, n_job_images_), [&](int64_t thread, int64_t first, int64_t last) {
          for (int64_t job = first; job < last; ++job) {
            const int64_t image = job * n_job_images_, n = std::min(n_job_images_, s_.n_images - image);
            convolution_.run(input, packed, x, threads + thread * convolution_.n_thread_floats(), image, n);
            statistics_.add(thread, x, image * n_pieces, (image + n) * n_pieces);
          }
        });
    statistics_.finish(buffers);
    parallel_parts(rows_.n(), rows_.planes.n_elements() * 5,
                   [&](int64_t first, int64_t last) { pool_rows(rows_, first, last, x, statistics_, y, places); });
  }

 private:
  Sizes s_;
  Convolution convolution_;
  WindowRows rows_;
  BatchStatistics statistics_;
  int64_t n_job_images_ = 1;
};

}  // namespace

std::unique_ptr<Kernel> make_convolution_batch_norm(const Operation& operation, const Site& site) {
  if (operation.convolution == nullptr || operation.op().starts_with("FusedBatchNormGrad")) return nullptr;
  const ValueId input = operation.inputs[0], filter = operation.inputs.back(), x = operation.outputs.back();
  const Shape& to = site.shape(x);
  const Block block(*operation.convolution, input, filter, x, blocks_of(to, kVector), site);
  const WindowRows rows = window_rows(to, planes_of(to, block.out));
  const Clamp clamp = *clamp_of(operation.activation);
  const double epsilon = operation.node->get_or<float>("epsilon", 1e-4F);  // the op's default
  const Sharing sharing = sharing_of(*operation.node, site);
  std::unique_ptr<Kernel> kernel;
  if (block.has_few_channels) {
    kernel = std::make_unique<ConvolutionBatchNormKernel<ByFewChannels>>(block.sizes, clamp, rows, epsilon, sharing);
  } else {
    kernel = std::make_unique<ConvolutionBatchNormKernel<ByWinograd>>(block.sizes, clamp, rows, epsilon, sharing);
  }
  kernel->inputs = {{input, block.in}, {operation.inputs[1], {}}, {operation.inputs[2], {}}, {filter, {}}};
  if (operation.bias_value) kernel->inputs.push_back({*operation.bias_value, {}});
  kernel->output_layouts.resize(operation.outputs.size());
  kernel->output_layouts[0] = blocks_of(site.shape(operation.outputs[0]), kVector);
  kernel->output_layouts.back() = block.out;
  return kernel;
}
#else
std::unique_ptr<Kernel> make_convolution_batch_norm(const Operation&, const Site&) { return nullptr; }
#endif

}  // namespace hoarfrost::runtime
