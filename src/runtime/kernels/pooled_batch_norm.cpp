// BatchNormalization in training with the MaxPool of two by two pixels behind it (fuse/pooled_batch_norm.cpp), in
// row-major order or blocks of channels: two passes over x forward and two backward.
#include <limits>

#include "runtime/kernels/batch_statistics.h"
#include "runtime/kernels/window_rows.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {
namespace {

class PooledBatchNormKernel : public Kernel {
 public:
  PooledBatchNormKernel(const WindowRows& rows, int64_t n_channels, double epsilon, const Sharing& sharing)
      : rows_(rows), statistics_(rows.planes, n_channels, epsilon, sharing) {
    implementation = "own:batch_norm+max_pool";
  }

  // inputs x, scale, offset; outputs the maxima, the statistics, (nothing,) the maxima's places
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* x = static_cast<const float*>(buffers.inputs[0]);
    auto* y = static_cast<float*>(buffers.outputs[0]);
    auto* places = static_cast<uint8_t*>(buffers.outputs[output_layouts.size() - 1]);
    statistics_.measure(x, buffers);
    parallel_parts(rows_.n(), rows_.planes.n_elements() * 5,
                   [&](int64_t first, int64_t last) { pool_rows(rows_, first, last, x, statistics_, y, places); });
  }

 private:
  WindowRows rows_;
  BatchStatistics statistics_;
};

class PooledBatchNormGradientKernel : public Kernel {
 public:
  PooledBatchNormGradientKernel(const WindowRows& rows, int64_t n_channels, double epsilon, const Sharing& sharing,
                                bool has_relu)
      : rows_(rows), gradient_(rows.planes, n_channels, epsilon, sharing) {
    implementation = has_relu ? "own:batch_norm_gradient+max_pool+relu" : "own:batch_norm_gradient+max_pool";
    if (has_relu) least_ = 0;
  }

  // inputs dy, x, scale, the batch's mean and biased variance, the places; outputs dx, dscale, doffset, (nothing,
  // nothing)
  void run(const Buffers& buffers, const dnnl::stream&) override {
    const auto* dy = static_cast<const float*>(buffers.inputs[0]);
    const auto* x = static_cast<const float*>(buffers.inputs[1]);
    const auto* places = static_cast<const uint8_t*>(buffers.inputs[5]);
    auto* dx = static_cast<float*>(buffers.outputs[0]);
    BatchGradient& g = gradient_;
    g.begin(buffers);
    add_rows(rows_, dy, x, places, g);
    g.finish(buffers);
    parallel_parts(rows_.n(), rows_.planes.n_elements() * 9, [&](int64_t first, int64_t last) {
      differentiate_rows(rows_, first, last, dy, x, places, g, least_, dx + rows_.first_of_x(first));
    });
  }

 private:
  WindowRows rows_;
  BatchGradient gradient_;
  float least_ = std::numeric_limits<float>::quiet_NaN();
};

}  // namespace

std::unique_ptr<Kernel> make_pooled_batch_norm(const Operation& operation, const Site& site) {
  if (operation.pool == nullptr || operation.convolution != nullptr) return nullptr;
  const bool is_gradient = operation.op().starts_with("FusedBatchNormGrad");
  const ValueId x = operation.inputs[is_gradient ? 1 : 0];
  const Shape& shape = site.shape(x);
  const Planes planes = planes_of(shape, site.layout(x));
  const WindowRows rows = window_rows(shape, planes);
  const Layout narrow =
      blocks_of(site.shape(is_gradient ? operation.inputs[0] : operation.outputs[0]), planes.layout ? planes.width : 0);
  const double epsilon = operation.node->get_or<float>("epsilon", 1e-4F);  // the op's default
  const Sharing sharing = sharing_of(*operation.node, site);
  std::unique_ptr<Kernel> kernel;
  if (is_gradient) {
    kernel = std::make_unique<PooledBatchNormGradientKernel>(rows, shape.last(), epsilon, sharing,
                                                             operation.activation.has_value());
    kernel->inputs = {{operation.inputs[0], narrow}, {x, planes.layout}};
    for (size_t i = 2; i < 5; ++i) kernel->inputs.push_back({operation.inputs[i], {}});
    kernel->inputs.push_back({operation.inputs.back(), {}});
  } else {
    kernel = std::make_unique<PooledBatchNormKernel>(rows, shape.last(), epsilon, sharing);
    kernel->inputs = {{x, planes.layout}, {operation.inputs[1], {}}, {operation.inputs[2], {}}};
  }
  kernel->output_layouts.resize(operation.outputs.size());
  kernel->output_layouts[0] = is_gradient ? planes.layout : narrow;
  return kernel;
}

}  // namespace hoarfrost::runtime
