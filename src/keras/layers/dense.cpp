// Dense: y = activation(x · kernel + bias) over the last axis; quantized to int8, (q(x) · kernel) / (scale of x · scale
// of kernel), otherwise kernel_quantization.h. Keras 1.2 to 3.15; EinsumDense and QKeras' kin are other layers.
#include <algorithm>
#include <cmath>
#include <optional>

#include "keras/activations.h"
#include "keras/kernel_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Dense {
  static constexpr bool kPassesMask = true;
  int64_t units = 0;
  bool use_bias = true;
  Activation activation;
  KernelQuantization quantization;

  static Dense parse(const Config& config) {
    config.ignore({"input_dim", "lora_rank", "lora_alpha"});  // Keras saves the adapter merged into the kernel
    return {config.get_int({"units", "output_dim"}), config.get_bool({"use_bias", "bias"}, true),
            Activation::parse(config), KernelQuantization::parse(config)};
  }

  // [..., input_dim] -> [..., units]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {activation.infer(product_shape(in[0]))};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Shape kernel{in[0].last(), units};
    const std::optional<Shape> bias = use_bias ? std::optional<Shape>(Shape{units}) : std::nullopt;
    if (quantization.is_on()) return quantization.weights(kernel, kernel[0], bias, {units});
    std::vector<WeightSpec> result{{"kernel", kernel}};
    if (bias) result.push_back({"bias", *bias});
    return result;
  }

  // Above two axes tf.keras makes Tensordot (reshape, multiply, reshape back); a 2-D MatMul needs none.
  Values lower(Lowering& lowering, const Values& in) const {
    const bool is_matrix = in[0].shape.rank() == 2;
    Value x = in[0];
    if (!is_matrix) {
      x = lowering.reshape(x, {kUnknown, in[0].shape.last()});
      x.shape = {kUnknown, in[0].shape.last()};
    }
    Value y =
        quantization.is_on() ? lower_quantized_product(lowering, x) : lower_product(lowering, x, lowering.weight(0));
    if (!is_matrix) {
      y.shape = {kUnknown, units};
      y = lowering.reshape_like(y, in[0], product_shape(in[0].shape));
    }
    if (use_bias)
      y = lowering.op("BiasAdd", {y, quantization.is_on() ? quantization.lower_bias(lowering) : lowering.weight(1)},
                      {{"data_format", std::string("NHWC")}});
    y.shape = product_shape(in[0].shape);
    return {activation.lower(lowering, y)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    if (quantization.is_on()) return {activation.reference(quantized_reference(weights, in[0]))};
    const int64_t depth = in[0].shape().last();
    const auto at = [=, x = in[0], this_use_bias = use_bias, n_units = units](const Index& o) {
      const int64_t row = o.with(-1, 0).offset(x.shape());
      double sum = this_use_bias ? weights[1].at_offset(o[-1]) : 0;
      for (int64_t k = 0; k < depth; ++k) sum += x.at_offset(row + k) * weights[0].at_offset(k * n_units + o[-1]);
      return sum;
    };
    return {activation.reference({product_shape(in[0].shape()), at, static_cast<double>(depth)})};
  }

 private:
  static Value lower_product(Lowering& lowering, const Value& x, const Value& kernel) {
    return lowering.op("MatMul", {x, kernel}, {{"transpose_a", false}, {"transpose_b", false}});
  }

  // Products of whole numbers, exact in float32 up to a thousand of them.
  Value lower_quantized_product(Lowering& lowering, const Value& x) const {
    const Int8Quantization& inputs = quantization.inputs;
    const bool is_int8 = quantization.mode == KernelQuantization::Mode::kInt8;
    const Value kernel =
        is_int8 ? lower_int8_weight(lowering, 0, x)
                : quantization.lower_kernel(lowering, {x.shape.last(), units}, x.shape.last(), use_bias, x);
    Value divisor;
    if (is_int8) divisor = lowering.weight(quantization.scale(use_bias));
    Value numbers = quantization.lower_float8_input(lowering, x, use_bias);
    if (inputs.has_quantized_inputs) {
      const auto [rounded, x_scale] = inputs.lower(lowering, x);
      numbers = rounded;
      divisor = is_int8 ? lowering.named_op("dequantize/mul", "Mul", {x_scale, divisor}) : x_scale;
    }
    const Value y = lower_product(lowering, numbers, kernel);
    return divisor.tensor ? lowering.named_op("dequantize/truediv", "RealDiv", {y, divisor}) : y;
  }

  Formula quantized_reference(const Arrays& weights, const Array& in) const {
    const int64_t depth = in.shape().last();
    const bool is_int8 = quantization.mode == KernelQuantization::Mode::kInt8;
    const Array kernel = is_int8 ? weights[0] : quantization.kernel(weights, {depth, units}, depth, use_bias);
    const auto at = [=, *this, x = in](const Index& o) {
      const Int8Quantization& inputs = quantization.inputs;
      const int64_t row = o.with(-1, 0).offset(x.shape());
      double most = 0;
      for (int64_t k = 0; k < depth; ++k) most = std::max(most, std::abs(x.at_offset(row + k)));
      const double x_scale = inputs.has_quantized_inputs ? inputs.scale(most) : 1;
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        const double value = x.at_offset(row + k) * x_scale;
        sum += (inputs.has_quantized_inputs ? std::nearbyint(value)
                                            : quantization.float8_input(weights, value, use_bias)) *
               kernel.at_offset(k * units + o[-1]);
      }
      const double divisor = is_int8 ? x_scale * weights[quantization.scale(use_bias)].at_offset(o[-1]) : x_scale;
      return sum / divisor + (use_bias ? quantization.bias_value(weights, o[-1]) : 0);
    };
    return {product_shape(in.shape()), at, static_cast<double>(2 * depth)};
  }

  // Before the activation, which may halve the last axis (glu).
  Shape product_shape(const Shape& in) const {
    Shape out = in;
    out[-1] = units;
    return out;
  }
};

}  // namespace

const LayerSpec layer_dense = make_spec<Dense>("Dense");

}  // namespace hoarfrost::keras
