#include "keras/quantized_layer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/shapes.h"

namespace hoarfrost::keras {
QuantizedActivation QuantizedActivation::parse(const Config& config) {
  QuantizedActivation result;
  if (names_quantizer(config, "activation"))
    result.quantizer_ = parse_quantizer(config, "activation", QuantizerUse::kActivation);
  else if (const Json* value = config.find({"activation"});
           value != nullptr && value->is_string() && value->get<std::string>().find('(') != std::string::npos)
    result.quantizer_ = parse_quantizer(config, "activation", QuantizerUse::kActivation);  // says what there is
  else
    result.activation_ = Activation::parse(config);
  return result;
}

Value QuantizedActivation::lower(Lowering& lowering, const Value& x) const {
  return quantizer_.lower ? quantizer_.lower(lowering, x) : activation_.lower(lowering, x);
}

Formula QuantizedActivation::reference(Formula x) const {
  if (!quantizer_.lower) return activation_.reference(std::move(x));
  return {x.shape, [x = x.at, of = quantizer_.of](const Index& o) { return of(x(o)); }, x.cost};
}

QuantizedLayer QuantizedLayer::parse(const Config& config, const std::string& class_name,
                                     const std::vector<QuantizedWeight>& weights) {
  QuantizedLayer result;
  Json inner = config.json();
  for (const QuantizedWeight& weight : weights) {
    result.quantizers_.emplace_back(weight.weight, parse_quantizer(config, weight.key, weight.use, weight.fallback));
    inner.erase(weight.key);
  }
  // The ranges only bounded the weights while they were trained.
  for (const char* key : {"activation", "kernel_range", "bias_range", "depthwise_range", "beta_range", "gamma_range"})
    inner.erase(key);
  for (const auto& [key, value] : config.json().items()) config.ignore({key});  // the inner layer reads them
  result.activation_ = QuantizedActivation::parse(config);
  result.layer_ = parse_layer(Config(inner, class_name, config.version()));
  return result;
}

Shapes QuantizedLayer::infer(const Shapes& in) const { return {activation_.infer(layer_->infer(in).at(0))}; }

const Quantizer* QuantizedLayer::quantizer_of(const std::string& weight) const {
  const auto found = std::ranges::find(quantizers_, weight, &std::pair<std::string, Quantizer>::first);
  return found != quantizers_.end() && found->second.lower ? &found->second : nullptr;
}

Values QuantizedLayer::lower(Lowering& lowering, const Values& in) const {
  lowering.expect_inference(kTrainedByQKeras);
  const Shapes shapes = shapes_of(in);
  const std::vector<WeightSpec> specs = layer_->weights(shapes);
  Values weights;
  for (size_t i = 0; i < specs.size(); ++i) {
    const Quantizer* quantizer = quantizer_of(specs[i].name);
    weights.push_back(quantizer == nullptr ? lowering.weight(i) : quantizer->lower(lowering, lowering.weight(i)));
  }
  Value y = lower_with(lowering, *layer_, std::move(weights), in).at(0);
  y.shape = layer_->infer(shapes).at(0);
  return {activation_.lower(lowering, y)};
}

Formulas QuantizedLayer::reference(const Arrays& weights, const Arrays& in) const {
  const std::vector<WeightSpec> specs = layer_->weights(shapes_of(in));
  Arrays quantized;
  for (size_t i = 0; i < specs.size(); ++i) {
    const Quantizer* quantizer = quantizer_of(specs[i].name);
    quantized.push_back(quantizer == nullptr ? weights.at(i) : quantizer->weight(weights.at(i)));
  }
  return {activation_.reference(layer_->reference(quantized, in).at(0))};
}

Values lower_with(Lowering& lowering, const Layer& layer, Values weights, const Values& in) {
  lowering.set_layer(lowering.scope(), std::move(weights), {}, lowering.is_trainable());
  return layer.lower(lowering, in);
}

}  // namespace hoarfrost::keras
