// FusedBatchNormGrad, V2 and V3, of training: the gradient of FusedBatchNorm by x, scale and offset (Ioffe and Szegedy
// 2015; TensorFlow 2.15's fused_batch_norm_op.cc).
//   inputs y_backprop, x, scale [C], reserve_space_1 (the batch's mean), reserve_space_2 (its variance), in V3 a third
//   dx = scale / sqrt(variance + epsilon) · (dy − mean(dy) − (x − mean) · mean(dy · (x − mean)) / (variance + epsilon))
#include <cmath>

#include "ops/batch_norm.h"
#include "ops/strided.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_gradient(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), node.op() == "FusedBatchNormGradV3" ? 6 : 5);
  if (!node.get_or<bool>("is_training", true)) unsupported(node, "expected is_training to be true");
  const auto format = node.get_or<std::string>("data_format", "NHWC");
  if (format != "NHWC" && format != "NDHWC") unsupported(node, "expected data_format NHWC, found {}", format);
  Shape x = inputs[1].shape;
  const int64_t channels = shape_of_rank(node, inputs, 2, 1)[0];
  if (x.has_rank()) {
    if (x.rank() < 4 || x.rank() > 5) mismatch(node, "expected an input of 4 or 5 axes, found {}", x.to_string());
    x[-1] = merged(node, channels, x[-1], "channels, as scale has, being");
  }
  const Known scale = of_type(inputs[2].dtype, {channels});
  const Known nothing = of_type(inputs[2].dtype, {0});
  return {of_type(inputs[1].dtype, x), scale, scale, nothing, nothing};
}

struct Channel {
  double mean = 0, variance = 0, scale = 0;
  double sum = 0, product = 0;  // of dy, and of dy · (x − mean)
};

std::vector<Tensor> gradient(const Node& node, Tensors inputs) {
  const auto outputs = infer_gradient(node, known(inputs));
  Tensor dx = allocate(node, outputs[0]);
  Tensor dscale = allocate(node, outputs[1]), doffset = allocate(node, outputs[2]);
  const auto n_channels = static_cast<size_t>(inputs[2].n_elements());
  const double epsilon = node.get_or<float>("epsilon", kDefaultEpsilon);
  const Reader scales(inputs[2]), means(inputs[3]), variances(inputs[4]);
  std::vector<Channel> channels(n_channels);
  for (size_t c = 0; c < n_channels; ++c) {
    const auto i = static_cast<int64_t>(c);
    channels[c] = {means[i], variances[i] + epsilon, scales[i]};
  }
  with_floats(node, dx.dtype(), [&]<typename T>() {
    const auto dy = inputs[0].values<T>();
    const auto x = inputs[1].values<T>();
    const auto n = static_cast<double>(n_channels == 0 ? 0 : x.size() / n_channels);
    for (size_t i = 0; i < x.size(); ++i) {
      Channel& c = channels[i % n_channels];
      c.sum += static_cast<double>(dy[i]);
      c.product += static_cast<double>(dy[i]) * (static_cast<double>(x[i]) - c.mean);
    }
    const auto target = dx.mutable_values<T>();
    for (size_t i = 0; i < x.size(); ++i) {
      const Channel& c = channels[i % n_channels];
      const double centred = static_cast<double>(x[i]) - c.mean;
      target[i] = static_cast<T>(c.scale / std::sqrt(c.variance) *
                                 (static_cast<double>(dy[i]) - c.sum / n - centred * c.product / n / c.variance));
    }
  });
  with_floats(node, dscale.dtype(), [&]<typename T>() {
    for (size_t c = 0; c < n_channels; ++c) {
      dscale.mutable_values<T>()[c] = static_cast<T>(channels[c].product / std::sqrt(channels[c].variance));
      doffset.mutable_values<T>()[c] = static_cast<T>(channels[c].sum);
    }
  });
  return {dx, dscale, doffset, allocate(node, outputs[3]), allocate(node, outputs[4])};
}

}  // namespace

std::span<const OpSpec> batch_norm_gradient_ops() {
  static constexpr OpSpec kOps[] = {
      {"FusedBatchNormGrad", infer_gradient, gradient},
      {"FusedBatchNormGradV2", infer_gradient, gradient},
      {"FusedBatchNormGradV3", infer_gradient, gradient},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
