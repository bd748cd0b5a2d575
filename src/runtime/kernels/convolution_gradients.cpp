// The gradients of a block of convolution, relu, BatchNormalization in training and MaxPool, images by images
// (fuse/convolution_gradients.cpp): the gradient of the convolution's output, the largest value of a step, stays in a
// core's second cache, and while products are made of it, what the next images need comes from memory.
#include <limits>

#include "runtime/kernels/convolution_block.h"
#include "runtime/kernels/few_channels.h"
#include "runtime/kernels/window_rows.h"
#include "runtime/kernels/winograd_filter.h"
#include "runtime/kernels/winograd_pack.h"

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

using winograd::kVector;
using winograd::Sizes;

// Asks memory for part `part` of `of` of what lies between.
void fetch(const void* first, int64_t n_bytes, int64_t part, int64_t of) {
  constexpr int64_t kLine = 64;
  const auto* bytes = static_cast<const char*>(first);
  for (int64_t i = n_bytes * part / of; i < n_bytes * (part + 1) / of; i += kLine) __builtin_prefetch(bytes + i, 0, 2);
}

// Both ways to a filter's gradient, of n images.
struct FilterByWinograd {
  explicit FilterByWinograd(const Sizes& sizes) : gradient(sizes) {}
  template <typename Fetch>
  void add(int64_t thread, const float* x, const float* dy, int64_t n_images, float* own, Fetch fetch_part) {
    const Sizes& s = gradient.sizes();
    const int64_t n_tiles = n_images * s.tile_rows() * s.tile_columns();
    for (int64_t tile = 0; tile < n_tiles; tile += winograd::FilterGradient::kJobTiles) {
      const int64_t last = std::min(tile + winograd::FilterGradient::kJobTiles, n_tiles);
      gradient.add(thread, x, dy, tile, last, own, [&](int64_t part) {
        if (tile == 0) fetch_part(part, winograd::kPoints);
      });
    }
  }
  void finish(const float* scratch, int64_t thread_stride, float* filter, float* bias) const {
    gradient.finish(scratch, thread_stride, filter, bias);
  }
  winograd::FilterGradient gradient;
};
struct FilterByFewChannels {
  explicit FilterByFewChannels(const Sizes& sizes)
      : gradient(sizes), image_x(sizes.in.image), image_dy(sizes.out.image) {}
  template <typename Fetch>
  void add(int64_t thread, const float* x, const float* dy, int64_t n_images, float* own, Fetch fetch_part) {
    for (int64_t i = 0; i < n_images; ++i)
      gradient.add(thread, x + i * image_x, dy + i * image_dy, own, [&](int64_t part) {
        fetch_part(i * few_channels::kFetches + part, n_images * few_channels::kFetches);
      });
  }
  void finish(const float*, int64_t, float* filter, float* bias) const { gradient.finish(filter, bias); }
  few_channels::FilterGradient gradient;
  int64_t image_x, image_dy;
};

template <typename ByFilter>
class ConvolutionGradientsKernel : public Kernel {
 public:
  // by_input: from the convolution's output to its input, images_of_job(…) images; nullopt where that gradient is
  // not wanted
  ConvolutionGradientsKernel(const WindowRows& rows, const Sizes& sizes, const std::optional<Sizes>& by_input,
                             double epsilon, const Sharing& sharing, const Operation& operation)
      : s_(sizes),
        rows_(rows),
        gradient_(rows.planes, sizes.n_out_channels, epsilon, sharing),
        by_filter_(sizes),
        what_(operation) {
    implementation = "own:batch_norm_gradient+max_pool+convolution";
    if (operation.activation) least_ = 0;
    n_job_images_ = images_of_job(s_, winograd::FilterGradient::kJobTiles);
    if (by_input) {
      by_input_.emplace(*by_input);
      no_bias_.assign(static_cast<size_t>(winograd::ceil_divide(by_input->n_out_channels, kVector) * kVector), 0.0F);
    }
    scratchpad_bytes =
        static_cast<size_t>(n_filter_floats() + omp_get_max_threads() * n_thread_floats()) * sizeof(float);
  }

  void run(const Buffers& buffers, const dnnl::stream&) override {
    const Values v(buffers);
    auto* scratch = static_cast<float*>(buffers.scratchpad);
    gradient_.begin(buffers);
    add_rows(rows_, v.dy, v.x, v.places, gradient_);
    gradient_.finish(buffers);
    if (by_input_) {
      winograd::pack_filter(static_cast<const float*>(buffers.inputs[7]),
                            winograd::by_input_order(s_.n_channels, s_.n_out_channels), *by_input_, scratch);
    }
    by_filter_.gradient.begin();
    float* threads = scratch + n_filter_floats();
    parallel_parts_numbered(winograd::ceil_divide(s_.n_images, n_job_images_),
                            [&](int64_t thread, int64_t first, int64_t last) {
                              for (int64_t job = last; job-- > first;)  // from the end: it is still in a cache
                                run_job(v, buffers, thread, job, scratch, threads + thread * n_thread_floats());
                            });
    auto* bias = what_.has_bias ? static_cast<float*>(buffers.outputs[output_layouts.size() - 1]) : nullptr;
    by_filter_.finish(threads, n_thread_floats(), static_cast<float*>(buffers.outputs[0]), bias);
  }

 private:
  struct Values {
    explicit Values(const Buffers& buffers)
        : dy(static_cast<const float*>(buffers.inputs[0])),
          x(static_cast<const float*>(buffers.inputs[1])),
          input(static_cast<const float*>(buffers.inputs[6])),
          places(static_cast<const uint8_t*>(buffers.inputs[5])) {}
    const float *dy, *x, *input;
    const uint8_t* places;
  };

  // A thread's: what the filter's gradient needs, then the gradient of a job's images, then what the input's needs.
  [[nodiscard]] int64_t n_gradient_floats() const { return n_job_images_ * s_.out.image; }
  [[nodiscard]] int64_t n_thread_floats() const {
    return by_filter_.gradient.n_thread_floats() + n_gradient_floats() + (by_input_ ? by_input_->n_thread_floats() : 0);
  }
  [[nodiscard]] int64_t n_filter_floats() const { return by_input_ ? by_input_->n_filter_floats() : 0; }

  void run_job(const Values& v, const Buffers& buffers, int64_t thread, int64_t job, const float* u, float* own) {
    const int64_t image = job * n_job_images_, n_images = std::min(n_job_images_, s_.n_images - image);
    const int64_t rows_per_image = rows_.n() / s_.n_images;
    float* dx = own + by_filter_.gradient.n_thread_floats();
    differentiate_rows(rows_, image * rows_per_image, (image + n_images) * rows_per_image, v.dy, v.x, v.places,
                       gradient_, least_, dx);
    by_filter_.add(thread, v.input + image * s_.in.image, dx, n_images, own,
                   [&](int64_t part, int64_t of) { fetch_images(v, image - n_job_images_, part, of); });
    if (!by_input_) return;
    by_input_->run_images(dx, u, static_cast<float*>(buffers.outputs[5]) + image * s_.in.image,
                          dx + n_gradient_floats(), {no_bias_.data(), false, {}}, 0, n_images);
  }

  void fetch_images(const Values& v, int64_t image, int64_t part, int64_t of) const {
    if (image < 0) return;
    const int64_t n = n_job_images_ * s_.out.image;
    fetch(v.x + image * s_.out.image, n * 4, part, of);
    fetch(v.dy + image * s_.out.image / 4, n, part, of);
    fetch(v.places + image * s_.out.image / 4, n / 4, part, of);
    fetch(v.input + image * s_.in.image, n_job_images_ * s_.in.image * 4, part, of);
  }

  Sizes s_;
  WindowRows rows_;
  BatchGradient gradient_;
  ByFilter by_filter_;
  std::optional<winograd::Convolution> by_input_;
  BlockGradients what_;
  std::vector<float> no_bias_;
  int64_t n_job_images_ = 1;
  float least_ = std::numeric_limits<float>::quiet_NaN();
};

}  // namespace

std::unique_ptr<Kernel> make_convolution_gradients(const Operation& operation, const Site& site) {
  if (operation.convolution == nullptr || !operation.op().starts_with("FusedBatchNormGrad")) return nullptr;
  const BlockGradients what(operation);
  const ValueId x = operation.inputs[1], input = operation.inputs[6];
  const Shape& to = site.shape(x);
  const Planes planes = planes_of(to, site.layout(x));  // as forward, for the maxima's places lie likewise
  const Block block(*operation.convolution, input, operation.outputs[0], x, planes.layout, site);
  const Sizes& s = block.sizes;
  std::optional<Sizes> by_input;
  if (what.has_input) {
    by_input = Sizes{images_of_job(s, winograd::FilterGradient::kJobTiles),
                     s.out_height,
                     s.out_width,
                     s.n_out_channels,
                     s.height,
                     s.width,
                     s.n_channels,
                     2 - s.pad_top,
                     2 - s.pad_left,
                     s.out,
                     s.in};
  }
  const WindowRows rows = window_rows(to, planes);
  const double epsilon = operation.node->get_or<float>("epsilon", 1e-4F);  // the op's default
  const Sharing sharing = sharing_of(*operation.node, site);
  std::unique_ptr<Kernel> kernel;
  if (block.has_few_channels) {
    kernel = std::make_unique<ConvolutionGradientsKernel<FilterByFewChannels>>(rows, s, by_input, epsilon, sharing,
                                                                               operation);
  } else {
    kernel =
        std::make_unique<ConvolutionGradientsKernel<FilterByWinograd>>(rows, s, by_input, epsilon, sharing, operation);
  }
  kernel->inputs = {{operation.inputs[0], blocks_of(site.shape(operation.inputs[0]), block.out ? kVector : 0)},
                    {x, block.out}};
  for (size_t i = 2; i < 6; ++i) kernel->inputs.push_back({operation.inputs[i], {}});
  kernel->inputs.push_back({input, block.in});
  if (what.has_input) kernel->inputs.push_back({operation.inputs[7], {}});
  kernel->output_layouts.resize(operation.outputs.size());
  if (what.has_input) kernel->output_layouts[5] = block.in;
  return kernel;
}
#else
std::unique_ptr<Kernel> make_convolution_gradients(const Operation&, const Site&) { return nullptr; }
#endif

}  // namespace hoarfrost::runtime
