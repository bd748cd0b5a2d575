// EinsumDense: a product with a kernel over the axes that an equation names ("ab,bc->ac"), a bias along some axes, and
// an activation. tf.keras 2.4 to Keras 3.15.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/activations.h"
#include "keras/contraction.h"
#include "keras/int8_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct EinsumDense {
  std::string equation;
  std::vector<int64_t> output_shape;  // without the batch; kUnknown for what the input says
  std::string bias_axes;
  Activation activation;

  static EinsumDense parse(const Config& config) {
    // Keras saves a LoRA adapter merged into the kernel.
    config.ignore({"lora_rank", "lora_alpha", "gptq_unpacked_column_size"});
    if (Int8Quantization::parse(config).is_on)
      config.unsupported("quantization mode int8 of an EinsumDense is not converted; save the model before `quantize`");
    EinsumDense layer{
        config.get_string({"equation"}), {}, config.get_string({"bias_axes"}, ""), Activation::parse(config)};
    const Json* shape = config.find({"output_shape"});
    if (shape != nullptr && shape->is_array())
      layer.output_shape = config.get_shape({"output_shape"}).sizes();
    else
      layer.output_shape = {config.get_int({"output_shape"})};
    std::erase(layer.equation, ' ');
    const size_t comma = layer.equation.find(',');
    const size_t arrow = layer.equation.find("->");
    if (comma == std::string::npos || arrow == std::string::npos || arrow < comma)
      config.fail(fmt::format("equation must be like `ab,bc->ac`, found `{}`", layer.equation));
    return layer;
  }

  Shapes infer(const Shapes& in) const {
    expect_inputs(in, 1);
    const Contraction c = contraction(in[0]);
    return {activation.infer(c.infer(in[0], kernel_shape(c, in[0])))};
  }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    const Contraction c = contraction(in[0]);
    const Shape kernel = kernel_shape(c, in[0]);
    std::vector<WeightSpec> result{{"kernel", kernel}};
    if (!bias_axes.empty()) result.push_back({"bias", bias_shape(c, c.infer(in[0], kernel))});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Contraction c = contraction(in[0].shape);
    const bool is_flat_bias = c.ends_in(bias_axes);
    Value y =
        lower_contraction(lowering, c, in[0], lowering.weight(0), "", is_flat_bias ? lowering.weight(1) : Value{});
    const Shape shape = c.infer(in[0].shape, kernel_shape(c, in[0].shape));
    if (!bias_axes.empty() && !is_flat_bias) y = lowering.named_op("add", "Add", {y, lowering.weight(1)});
    y.shape = shape;
    return {activation.lower(lowering, y)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Contraction c = contraction(in[0].shape());
    Formula product = contraction_reference(c, in[0], weights[0]);
    if (!bias_axes.empty()) {
      product.at = [at = product.at, bias = weights[1]](const Index& o) {
        Index b;
        for (int axis = 0; axis < bias.shape().rank(); ++axis)
          b.push_back(bias.size(axis) == 1 ? 0 : o[axis - bias.shape().rank()]);
        return at(o) + bias[b];
      };
    }
    return {activation.reference(std::move(product))};
  }

 private:
  // "..." stands for the input's axes that have no letter; they get capital letters that the equation does not use.
  Contraction contraction(const Shape& in) const {
    const size_t comma = equation.find(',');
    const size_t arrow = equation.find("->");
    Contraction result{equation.substr(0, comma), equation.substr(comma + 1, arrow - comma - 1),
                       equation.substr(arrow + 2)};
    const size_t n_named = result.left.size() - (result.left.find("...") == std::string::npos ? 0 : 3);
    std::string others;
    for (char letter = 'Z'; others.size() + n_named < static_cast<size_t>(in.rank()) && letter >= 'A'; --letter) {
      if (equation.find(letter) == std::string::npos) others = letter + others;
    }
    for (std::string* letters : {&result.left, &result.out}) {
      if (const size_t dots = letters->find("..."); dots != std::string::npos) letters->replace(dots, 3, others);
    }
    result.validate();
    return result;
  }

  // The kernel's sizes: those of the input's letters, and of the result's, which output_shape says from the last axis
  // on.
  Shape kernel_shape(const Contraction& c, const Shape& in) const {
    Shape result;
    for (const char letter : c.right) {
      const size_t left = c.left.find(letter);
      int64_t size =
          left == std::string::npos || static_cast<int>(left) >= in.rank() ? kUnknown : in[static_cast<int>(left)];
      const size_t out = c.out.find(letter);
      const size_t from_last = out == std::string::npos ? 0 : c.out.size() - out;
      if (size == kUnknown && from_last > 0 && from_last <= output_shape.size())
        size = output_shape[output_shape.size() - from_last];
      if (size == kUnknown)
        throw Error(ErrorCode::kMismatch, "",
                    fmt::format("the kernel's axis `{}` of `{}` has no known size", letter, equation));
      result.push_back(size);
    }
    return result;
  }

  // Sizes of the bias' axes, and ones for those behind the first of them that it has not. Keras 2.15:
  // _analyze_split_string.
  Shape bias_shape(const Contraction& c, const Shape& out) const {
    Shape result;
    for (size_t axis = 0; axis < c.out.size(); ++axis) {
      const bool is_there = bias_axes.find(c.out[axis]) != std::string::npos;
      if (is_there && out[static_cast<int>(axis)] == kUnknown)
        throw Error(ErrorCode::kMismatch, "", "the bias lies along an axis of unknown size");
      if (is_there)
        result.push_back(out[static_cast<int>(axis)]);
      else if (result.rank() > 0)
        result.push_back(1);
    }
    return result;
  }
};

}  // namespace

const LayerSpec layer_einsum_dense = make_spec<EinsumDense>("EinsumDense");

}  // namespace hoarfrost::keras
