#include "keras/quantized_pooling.h"

#include <nlohmann/json.hpp>

namespace hoarfrost::keras {

QuantizedPooling QuantizedPooling::parse(const Config& config, const std::string& class_name) {
  QuantizedPooling result;
  result.quantizer_ = parse_quantizer(config, "average_quantizer", QuantizerUse::kActivation);
  result.activation_ = QuantizedActivation::parse(config);
  Json inner = config.json();
  for (const char* key : {"average_quantizer", "activation"}) inner.erase(key);
  for (const auto& [key, value] : config.json().items()) config.ignore({key});  // the inner layer reads them
  result.layer_ = parse_layer(Config(inner, class_name, config.version()));
  return result;
}

Shapes QuantizedPooling::infer(const Shapes& in) const { return {activation_.infer(layer_->infer(in).at(0))}; }

Values QuantizedPooling::lower(Lowering& lowering, const Values& in, int64_t n_elements) const {
  lowering.expect_inference(kTrainedByQKeras);
  Value y = layer_->lower(lowering, in).at(0);
  if (quantizer_.of) {
    const auto n = static_cast<double>(n_elements);
    y = lowering.named_op("mul", "Mul", {y, lowering.scalar("mul/y", n, y)});
    y = lowering.named_op("mul", "Mul", {y, lowering.scalar("mul/y", quantizer_.of(1 / n), y)});
  }
  y.shape = layer_->infer({in[0].shape}).at(0);
  return {activation_.lower(lowering, y)};
}

Formulas QuantizedPooling::reference(const Arrays& in, int64_t n_elements) const {
  Formula y = layer_->reference({}, in).at(0);
  if (quantizer_.of) {
    const double factor = static_cast<double>(n_elements) * quantizer_.of(1 / static_cast<double>(n_elements));
    y.at = [at = y.at, factor](const Index& o) { return at(o) * factor; };
  }
  return {activation_.reference(std::move(y))};
}

}  // namespace hoarfrost::keras
