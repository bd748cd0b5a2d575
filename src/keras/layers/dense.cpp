// Dense: y = activation(x · kernel + bias) over the last axis; quantized to int8, (q(x) · kernel) / (scale of x · scale
// of kernel). Keras 1.2 to 3.15; EinsumDense and QKeras' kin are other layers.
#include <algorithm>
#include <cmath>

#include "keras/activations.h"
#include "keras/int8_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Dense {
  int64_t units = 0;
  bool use_bias = true;
  Activation activation;
  Int8Quantization int8;

  static Dense parse(const Config& config) {
    config.ignore({"input_dim", "lora_rank", "lora_alpha"});  // Keras saves the adapter merged into the kernel
    return {config.get_int({"units", "output_dim"}), config.get_bool({"use_bias", "bias"}, true),
            Activation::parse(config), Int8Quantization::parse(config)};
  }

  // [..., input_dim] -> [..., units]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {activation.infer(product_shape(in[0]))};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result{{"kernel", {in[0].last(), units}, !int8.is_on}};
    if (use_bias) result.push_back({"bias", {units}, !int8.is_on});
    if (int8.is_on) result.push_back({"kernel_scale", {units}, false});
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
    Value y = int8.is_on ? lower_int8_product(lowering, x) : lower_product(lowering, x, lowering.weight(0));
    if (!is_matrix) {
      y.shape = {kUnknown, units};
      y = lowering.reshape_like(y, in[0], product_shape(in[0].shape));
    }
    if (use_bias) y = lowering.op("BiasAdd", {y, lowering.weight(1)}, {{"data_format", std::string("NHWC")}});
    y.shape = product_shape(in[0].shape);
    return {activation.lower(lowering, y)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    if (int8.is_on) return {activation.reference(int8_reference(weights, in[0]))};
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
  Value lower_int8_product(Lowering& lowering, const Value& x) const {
    const Value kernel = lower_int8_weight(lowering, 0, x);
    Value scale = lowering.weight(use_bias ? 2 : 1);
    if (!int8.has_quantized_inputs)
      return lowering.named_op("dequantize/truediv", "RealDiv", {lower_product(lowering, x, kernel), scale});
    const auto [numbers, x_scale] = int8.lower(lowering, x);
    scale = lowering.named_op("dequantize/mul", "Mul", {x_scale, scale});
    return lowering.named_op("dequantize/truediv", "RealDiv", {lower_product(lowering, numbers, kernel), scale});
  }

  Formula int8_reference(const Arrays& weights, const Array& in) const {
    const int64_t depth = in.shape().last();
    const auto at = [=, *this, x = in](const Index& o) {
      const int64_t row = o.with(-1, 0).offset(x.shape());
      double most = 0;
      for (int64_t k = 0; k < depth; ++k) most = std::max(most, std::abs(x.at_offset(row + k)));
      const double x_scale = int8.has_quantized_inputs ? int8.scale(most) : 1;
      double sum = 0;
      for (int64_t k = 0; k < depth; ++k) {
        const double value = x.at_offset(row + k) * x_scale;
        sum += (int8.has_quantized_inputs ? std::nearbyint(value) : value) * weights[0].at_offset(k * units + o[-1]);
      }
      const double bias = use_bias ? weights[1].at_offset(o[-1]) : 0;
      return sum / (x_scale * weights[use_bias ? 2 : 1].at_offset(o[-1])) + bias;
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
