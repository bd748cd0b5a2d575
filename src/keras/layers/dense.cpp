// Dense: y = activation(x · kernel + bias) over the last axis. Keras 1.2 to 3.15; EinsumDense and QKeras' kin are other
// layers.
#include "keras/activations.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct Dense {
  int64_t units = 0;
  bool use_bias = true;
  Activation activation;

  static Dense parse(const Config& config) {
    config.ignore({"input_dim", "quantization_config", "lora_rank", "lora_alpha"});
    if (config.has("lora_rank"))
      config.unsupported("lora_rank: a LoRA adapter is not merged into the kernel; merge it in Keras first");
    return {config.get_int({"units", "output_dim"}), config.get_bool({"use_bias", "bias"}, true),
            Activation::parse(config)};
  }

  // [..., input_dim] -> [..., units]
  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    return {activation.infer(product_shape(in[0]))};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result{{"kernel", {in[0].last(), units}}};
    if (use_bias) result.push_back({"bias", {units}});
    return result;
  }

  // Above two axes tf.keras makes Tensordot (reshape, multiply, reshape back); a 2-D MatMul needs none.
  Values lower(Lowering& lowering, const Values& in) const {
    const bool is_matrix = in[0].shape.rank() == 2;
    Value x = in[0];
    if (!is_matrix) x = lowering.reshape(x, {kUnknown, in[0].shape.last()});
    Value y = lowering.op("MatMul", {x, lowering.weight(0)}, {{"transpose_a", false}, {"transpose_b", false}});
    if (!is_matrix) {
      y.shape = {kUnknown, units};
      y = lowering.reshape_like(y, in[0], product_shape(in[0].shape));
    }
    if (use_bias) y = lowering.op("BiasAdd", {y, lowering.weight(1)}, {{"data_format", std::string("NHWC")}});
    y.shape = product_shape(in[0].shape);
    return {activation.lower(lowering, y)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
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
