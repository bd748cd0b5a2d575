// What QConv2DBatchnorm and QDepthwiseConv2DBatchnorm share: a convolution whose kernel and bias take up the batch
// normalization behind it, and are quantized then. QKeras 0.9.0; at inference both folding modes are one: with inv =
// gamma / sqrt(moving_variance + epsilon) the kernel is inv · kernel and the bias inv · (bias − moving_mean) + beta.
#pragma once

#include <optional>

#include "keras/quantized_layer.h"

namespace hoarfrost::keras {

class QuantizedFolding {
 public:
  // class_name: Keras' class of the convolution, key: that of its kernel's quantizer.
  // Throws Error{kUnsupported} for a normalization without beta, or over another axis than the last: QKeras fails on
  // both.
  static QuantizedFolding parse(const Config& config, const std::string& class_name, const std::string& key);

  [[nodiscard]] Shapes infer(const Shapes& in) const;
  // kernel, bias [filters], gamma, beta; the number of steps trained; the moving statistics.
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  // Error{kUnsupported} in training.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  // Where the weights are in weights()' order; those that are not there have no number.
  struct Order {
    std::optional<size_t> bias, gamma;
    size_t beta = 0, mean = 0, variance = 0;
  };
  [[nodiscard]] Order order() const;

  std::shared_ptr<const Layer> layer_;  // with a bias and without an activation
  bool use_bias_ = true;
  bool has_gamma_ = true;
  double epsilon_ = 1e-3;
  Quantizer kernel_quantizer_;
  Quantizer bias_quantizer_;
  QuantizedActivation activation_;
};

}  // namespace hoarfrost::keras
