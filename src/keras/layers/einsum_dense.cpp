// EinsumDense: a product with a kernel over the axes that an equation names ("ab,bc->ac"), a bias along some axes, and
// an activation. tf.keras 2.4 to Keras 3.15, whose quantized kernels kernel_quantization.h tells of.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "keras/activations.h"
#include "keras/contraction.h"
#include "keras/kernel_quantization.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {
namespace {

struct EinsumDense {
  std::string equation;
  std::vector<int64_t> output_shape;  // without the batch; kUnknown for what the input says
  std::string bias_axes;
  Activation activation;
  KernelQuantization quantization;

  static EinsumDense parse(const Config& config) {
    // Keras saves a LoRA adapter merged into the kernel.
    config.ignore({"lora_rank", "lora_alpha", "gptq_unpacked_column_size"});
    EinsumDense layer{config.get_string({"equation"}),
                      {},
                      config.get_string({"bias_axes"}, ""),
                      Activation::parse(config),
                      KernelQuantization::parse(config)};
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
    const Shape out = c.infer(in[0], kernel);
    const std::optional<Shape> bias = bias_axes.empty() ? std::nullopt : std::optional(bias_shape(c, out));
    if (quantization.is_on()) return quantization.weights(kernel, n_rows(c, kernel), bias, scale_shape(c, out));
    std::vector<WeightSpec> result{{"kernel", kernel}};
    if (bias) result.push_back({"bias", *bias});
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Contraction c = contraction(in[0].shape);
    const Shape shape = c.infer(in[0].shape, kernel_shape(c, in[0].shape));
    if (quantization.is_on()) {
      Value y = lower_quantized(lowering, c, in[0]);
      y.shape = shape;
      if (!bias_axes.empty()) y = lowering.named_op("add", "Add", {y, quantization.lower_bias(lowering)});
      y.shape = shape;
      return {activation.lower(lowering, y)};
    }
    const bool is_flat_bias = c.ends_in(bias_axes);
    Value y =
        lower_contraction(lowering, c, in[0], lowering.weight(0), "", is_flat_bias ? lowering.weight(1) : Value{});
    if (!bias_axes.empty() && !is_flat_bias) y = lowering.named_op("add", "Add", {y, lowering.weight(1)});
    y.shape = shape;
    return {activation.lower(lowering, y)};
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Contraction c = contraction(in[0].shape());
    Formula product =
        quantization.is_on() ? quantized_reference(weights, in[0], c) : contraction_reference(c, in[0], weights[0]);
    if (!bias_axes.empty()) {
      const size_t place = quantization.is_on() ? quantization.bias() : 1;
      product.at = [at = product.at, weights, place, quantization = quantization](const Index& o) {
        const Array& bias = weights[place];
        Index b;
        for (int axis = 0; axis < bias.shape().rank(); ++axis)
          b.push_back(bias.size(axis) == 1 ? 0 : o[axis - bias.shape().rank()]);
        return at(o) + (quantization.is_on() ? quantization.bias_value(weights, b.offset(bias.shape())) : bias[b]);
      };
    }
    return {activation.reference(std::move(product))};
  }

 private:
  [[nodiscard]] bool has_bias() const { return !bias_axes.empty(); }
  [[nodiscard]] bool is_int8() const { return quantization.mode == KernelQuantization::Mode::kInt8; }

  // The sizes of the kernel's axes that are summed over, multiplied; of GPTQ, Keras judges by the largest axis which
  // they are.
  [[nodiscard]] int64_t n_rows(const Contraction& c, const Shape& kernel) const {
    int64_t result = 1;
    const bool is_gptq = quantization.mode == KernelQuantization::Mode::kGptq;
    if (is_gptq && kernel.rank() == 3) {
      const auto& sizes = kernel.sizes();
      return std::ranges::max_element(sizes) == sizes.begin() ? kernel[0] : kernel[0] * kernel[1];
    }
    if (is_gptq) return kernel[0];
    for (size_t axis = 0; axis < c.right.size(); ++axis) {
      if (c.out.find(c.right[axis]) == std::string::npos) result *= kernel[static_cast<int>(axis)];
    }
    return result;
  }

  // int8's scale lies along the result's axes that are the kernel's.
  static Shape scale_shape(const Contraction& c, const Shape& out) {
    Shape result;
    for (size_t axis = 0; axis < c.out.size(); ++axis)
      result.push_back(c.right.find(c.out[axis]) == std::string::npos ? 1 : out[static_cast<int>(axis)]);
    return result;
  }

  // The largest magnitude over the axes that are summed over, as a divisor of the result.
  Value lower_inputs(Lowering& lowering, const Contraction& c, const Value& x, Value& divisor) const {
    std::vector<int64_t> axes;
    for (size_t axis = 0; axis < c.left.size(); ++axis) {
      if (c.out.find(c.left[axis]) == std::string::npos) axes.push_back(static_cast<int64_t>(axis));
    }
    const auto [numbers, scale] = quantization.inputs.lower(lowering, x, axes);
    // [.., 1 for those, ..] in the order of the result, where the kernel's axes are ones.
    std::string letters;
    Value y = lowering.named_op("dequantize/Squeeze", "Squeeze", {scale}, {{"squeeze_dims", axes}});
    for (const char letter : c.left) {
      if (c.out.find(letter) != std::string::npos) letters += letter;
    }
    std::vector<int64_t> order;
    for (const char letter : c.out) {
      if (const size_t at = letters.find(letter); at != std::string::npos) order.push_back(static_cast<int64_t>(at));
    }
    y = lower_transpose(lowering, y, order, "dequantize/transpose");
    for (size_t axis = 0; axis < c.out.size(); ++axis) {
      if (letters.find(c.out[axis]) != std::string::npos) continue;
      y = lowering.named_op("dequantize/ExpandDims", "ExpandDims",
                            {y, lowering.int_scalar("dequantize/ExpandDims/dim", static_cast<int64_t>(axis))},
                            {{"Tdim", DType::kInt32}});
    }
    divisor = divisor.tensor ? lowering.named_op("dequantize/mul", "Mul", {y, divisor}) : y;
    return numbers;
  }

  Value lower_quantized(Lowering& lowering, const Contraction& c, const Value& x) const {
    const Shape shape = kernel_shape(c, x.shape);
    Value divisor;
    if (is_int8()) divisor = lowering.weight(quantization.scale(has_bias()));
    const Value kernel = is_int8() ? lower_int8_weight(lowering, 0, x)
                                   : quantization.lower_kernel(lowering, shape, n_rows(c, shape), has_bias(), x);
    Value numbers = quantization.lower_float8_input(lowering, x, has_bias());
    if (quantization.inputs.has_quantized_inputs) numbers = lower_inputs(lowering, c, x, divisor);
    const Value y = lower_contraction(lowering, c, numbers, kernel);
    return divisor.tensor ? lowering.named_op("dequantize/truediv", "RealDiv", {y, divisor}) : y;
  }

  // Rounding makes an array of the input; its scales are one for all that is summed over together.
  Formula quantized_reference(const Arrays& weights, const Array& x, const Contraction& c) const {
    const Shape shape = kernel_shape(c, x.shape());
    const Array kernel = is_int8() ? weights[0] : quantization.kernel(weights, shape, n_rows(c, shape), has_bias());
    const Int8Quantization& inputs = quantization.inputs;
    std::vector<double> largest;
    Shape kept = x.shape();
    for (size_t axis = 0; axis < c.left.size(); ++axis) {
      if (c.out.find(c.left[axis]) == std::string::npos) kept[static_cast<int>(axis)] = 1;
    }
    const auto place = [kept](Index i) {
      for (int axis = 0; axis < kept.rank(); ++axis) i[axis] = kept[axis] == 1 ? 0 : i[axis];
      return static_cast<size_t>(i.offset(kept));
    };
    largest.resize(static_cast<size_t>(kept.n_elements()));
    const auto each = [&](const auto& visit) {
      for (int64_t i = 0; i < x.shape().n_elements(); ++i) visit(i, place(Index::at_offset(x.shape(), i)));
    };
    each([&](int64_t i, size_t at) { largest[at] = std::max(largest[at], std::abs(x.at_offset(i))); });
    const auto scale = [inputs](double most) { return inputs.has_quantized_inputs ? inputs.scale(most) : 1; };
    Tensor rounded(DType::kFloat64, x.shape());
    each([&](int64_t i, size_t at) {
      const double value = x.at_offset(i) * scale(largest[at]);
      rounded.mutable_values<double>()[static_cast<size_t>(i)] =
          inputs.has_quantized_inputs ? std::nearbyint(value) : quantization.float8_input(weights, value, has_bias());
    });
    Formula product = contraction_reference(c, Array(rounded), kernel);
    const Array* scales = is_int8() ? &weights[quantization.scale(has_bias())] : nullptr;
    product.at = [=, at = product.at, left = c.left, out = c.out,
                  own = scales == nullptr ? std::optional<Array>() : std::optional<Array>(*scales)](const Index& o) {
      Index i;
      for (const char letter : left) {
        const size_t axis = out.find(letter);
        i.push_back(axis == std::string::npos ? 0 : o[static_cast<int>(axis)]);
      }
      double divisor = scale(largest[place(i)]);
      if (own) {
        Index s = o;
        for (int axis = 0; axis < own->shape().rank(); ++axis) s[axis] = own->size(axis) == 1 ? 0 : o[axis];
        divisor *= (*own)[s];
      }
      return at(o) / divisor;
    };
    return product;
  }

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
