#include "keras/quantized_folding.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kOfNormalization[] = {"axis",        "momentum",           "center",     "scale",
                                                 "renorm",      "renorm_clipping",    "fused",      "renorm_momentum",
                                                 "epsilon",     "virtual_batch_size", "adjustment", "ema_freeze_delay",
                                                 "folding_mode"};

bool is_last_axis(const Json* axis) {
  if (axis == nullptr) return true;
  const Json& number = axis->is_array() && axis->size() == 1 ? axis->at(0) : *axis;
  return number == -1 || number == 3;
}

}  // namespace

QuantizedFolding QuantizedFolding::parse(const Config& config, const std::string& class_name, const std::string& key) {
  QuantizedFolding result;
  result.use_bias_ = config.get_bool({"use_bias"}, true);
  result.has_gamma_ = config.get_bool({"scale"}, true);
  result.epsilon_ = config.get_float({"epsilon"}, 1e-3);
  if (!config.get_bool({"center"}, true))
    config.unsupported("center false: QKeras itself fails to fold a normalization without beta");
  if (!is_last_axis(config.find({"axis"})))
    config.unsupported("axis must be the last: QKeras folds into the kernel's channels");
  result.kernel_quantizer_ = parse_quantizer(config, key, QuantizerUse::kKernel);
  result.bias_quantizer_ = parse_quantizer(config, "bias_quantizer", QuantizerUse::kWeight);
  result.activation_ = QuantizedActivation::parse(config);
  Json inner = config.json();
  for (const std::string_view name : kOfNormalization) inner.erase(std::string(name));
  for (const char* name : {"activation", "bias_quantizer", "kernel_range", "bias_range", "depthwise_range"})
    inner.erase(name);
  inner.erase(key);
  inner["use_bias"] = true;
  for (const auto& [name, value] : config.json().items()) config.ignore({name});  // the inner layer reads them
  result.layer_ = parse_layer(Config(inner, class_name, config.version()));
  return result;
}

Shapes QuantizedFolding::infer(const Shapes& in) const { return {activation_.infer(layer_->infer(in).at(0))}; }

std::vector<WeightSpec> QuantizedFolding::weights(const Shapes& in) const {
  std::vector<WeightSpec> result = layer_->weights(in);
  const Shape channels = result.at(1).shape;
  if (!use_bias_) result.pop_back();
  const std::string group = "batchnorm";
  if (has_gamma_) result.push_back({"gamma", channels, true, group});
  result.push_back({"beta", channels, true, group});
  result.push_back({"iteration", {}, false});
  result.push_back({"moving_mean", channels, false, group});
  result.push_back({"moving_variance", channels, false, group});
  return result;
}

QuantizedFolding::Order QuantizedFolding::order() const {
  Order result;
  size_t next = 1;
  if (use_bias_) result.bias = next++;
  if (has_gamma_) result.gamma = next++;
  result.beta = next;
  result.mean = next + 2;
  result.variance = next + 3;
  return result;
}

Values QuantizedFolding::lower(Lowering& lowering, const Values& in) const {
  lowering.expect_inference(kTrainedByQKeras);
  const Order at = order();
  const std::vector<WeightSpec> specs = layer_->weights(shapes_of(in));
  const Value variance = lowering.weight(at.variance);
  Value inv = lowering.named_op(
      "fold/Rsqrt", "Rsqrt",
      {lowering.named_op("fold/add", "Add", {variance, lowering.scalar("fold/add/y", epsilon_, variance)})});
  if (at.gamma) inv = lowering.named_op("fold/mul", "Mul", {inv, lowering.weight(*at.gamma)});
  const Value mean = lowering.weight(at.mean);
  Value bias = at.bias ? lowering.named_op("fold/sub", "Sub", {lowering.weight(*at.bias), mean})
                       : lowering.named_op("fold/Neg", "Neg", {mean});
  bias = lowering.named_op("fold/mul", "Mul", {inv, bias});
  bias = lowering.named_op("fold/add", "Add", {bias, lowering.weight(at.beta)});
  bias.shape = specs.at(1).shape;
  const Shape& shape = specs.at(0).shape;
  if (shape.last() != specs.at(1).shape.last()) inv = lowering.reshape(inv, {shape[-2], shape[-1]});  // depthwise
  Value kernel = lowering.named_op("fold/mul", "Mul", {inv, lowering.weight(0)});
  kernel.shape = shape;
  if (kernel_quantizer_.lower) kernel = kernel_quantizer_.lower(lowering, kernel);
  if (bias_quantizer_.lower) bias = bias_quantizer_.lower(lowering, bias);
  Value y = lower_with(lowering, *layer_, {kernel, bias}, in).at(0);
  y.shape = layer_->infer(shapes_of(in)).at(0);
  return {activation_.lower(lowering, y)};
}

Formulas QuantizedFolding::reference(const Arrays& weights, const Arrays& in) const {
  const Order at = order();
  const int64_t n = weights[at.beta].size(0);
  Tensor bias(DType::kFloat64, {n});
  Tensor kernel(DType::kFloat64, weights[0].shape());
  std::vector<double> inv;
  for (int64_t c = 0; c < n; ++c) {
    const double gamma = at.gamma ? weights[*at.gamma].at_offset(c) : 1;
    inv.push_back(gamma / std::sqrt(weights[at.variance].at_offset(c) + epsilon_));
    const double own = at.bias ? weights[*at.bias].at_offset(c) : 0;
    bias.mutable_values<double>()[static_cast<size_t>(c)] =
        inv.back() * (own - weights[at.mean].at_offset(c)) + weights[at.beta].at_offset(c);
  }
  const auto values = kernel.mutable_values<double>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = inv[i % inv.size()] * weights[0].at_offset(static_cast<int64_t>(i));
  const Arrays folded{kernel_quantizer_.weight(Array(kernel)), bias_quantizer_.weight(Array(bias))};
  return {activation_.reference(layer_->reference(folded, in).at(0))};
}

}  // namespace hoarfrost::keras
