// LRN (Krizhevsky et al., ImageNet Classification with Deep CNNs, 2012, as TensorFlow 2.15's
// nn.local_response_normalization writes it: alpha is not divided by the window's size) and L2Loss.
#include <cmath>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_lrn(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {of_type(inputs[0].dtype, shape_of_rank(node, inputs, 0, 4))};
}

// x[c] / (bias + alpha * Σ x[c - radius … c + radius]²)^beta
std::vector<Tensor> lrn(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_lrn(node, known(inputs))[0]);
  const auto radius = node.get_or<int64_t>("depth_radius", 5);
  if (radius < 0) corrupt(node, "its depth_radius is {}", radius);
  const double bias = node.get_or<float>("bias", 1), alpha = node.get_or<float>("alpha", 1),
               beta = node.get_or<float>("beta", 0.5f);
  const int64_t channels = output.shape().last();
  with_floats(node, output.dtype(), [&]<typename T>() {
    const T* x = inputs[0].values<T>().data();
    T* out = output.mutable_values<T>().data();
    for (int64_t row = 0; row < output.n_elements(); row += channels) {
      for (int64_t c = 0; c < channels; ++c) {
        double squares = 0;
        const int64_t last = radius < channels ? std::min(c + radius, channels - 1) : channels - 1;
        for (int64_t i = std::max<int64_t>(0, c - std::min(radius, channels)); i <= last; ++i) {
          squares += static_cast<double>(x[row + i]) * static_cast<double>(x[row + i]);
        }
        out[row + c] = static_cast<T>(static_cast<double>(x[row + c]) * std::pow(bias + alpha * squares, -beta));
      }
    }
  });
  return {output};
}

std::vector<Known> infer_l2_loss(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {of_type(inputs[0].dtype, {})};
}

std::vector<Tensor> l2_loss(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_l2_loss(node, known(inputs))[0]);
  with_floats(node, output.dtype(), [&]<typename T>() {
    double squares = 0;
    for (const T x : inputs[0].values<T>()) squares += static_cast<double>(x) * static_cast<double>(x);
    output.mutable_values<T>()[0] = static_cast<T>(squares / 2);
  });
  return {output};
}

}  // namespace

std::span<const OpSpec> lrn_ops() {
  static constexpr OpSpec kOps[] = {
      {"LRN", infer_lrn, through_float<lrn>},
      {"L2Loss", infer_l2_loss, through_float<l2_loss>},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
