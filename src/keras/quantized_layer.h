// What QKeras' layers share: Keras' layer of the same name without the Q, on quantized weights, and a quantized
// activation behind it. QKeras 0.9.0. The weights in a file are those before the quantization, which stands in the
// graph.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "keras/activations.h"
#include "keras/quantizer.h"

namespace hoarfrost::keras {

// A quantizer or one of keras.activations, as QKeras' get_quantizer finds it by its name.
class QuantizedActivation {
 public:
  static QuantizedActivation parse(const Config& config);
  [[nodiscard]] Shape infer(const Shape& x) const { return activation_.infer(x); }
  [[nodiscard]] Value lower(Lowering& lowering, const Value& x) const;
  [[nodiscard]] Formula reference(Formula x) const;

 private:
  Quantizer quantizer_;
  Activation activation_;
};

// Which key of the configuration says how a weight is quantized.
struct QuantizedWeight {
  std::string weight;  // "kernel"
  std::string key;     // "kernel_quantizer"
  QuantizerUse use = QuantizerUse::kWeight;
  std::string fallback = "";  // of QKeras' constructor
};

class QuantizedLayer {
 public:
  // class_name: Keras' class. Throws what parse_layer and parse_quantizer throw.
  static QuantizedLayer parse(const Config& config, const std::string& class_name,
                              const std::vector<QuantizedWeight>& weights);

  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const { return layer_->weights(in); }
  // Error{kUnsupported} in training.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  // nullptr where the weight stays as it is.
  [[nodiscard]] const Quantizer* quantizer_of(const std::string& weight) const;

  std::shared_ptr<const Layer> layer_;
  std::vector<std::pair<std::string, Quantizer>> quantizers_;
  QuantizedActivation activation_;
};

// Lowers a layer with these in the place of its weights.
Values lower_with(Lowering& lowering, const Layer& layer, Values weights, const Values& in);

}  // namespace hoarfrost::keras
