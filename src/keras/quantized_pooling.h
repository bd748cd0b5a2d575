// What QKeras' average poolings share: Keras' mean, multiplied by the number of elements and by the quantized inverse
// of that, and a quantized activation behind it. QKeras 0.9.0's qpooling.py.
#pragma once

#include "keras/quantized_layer.h"

namespace hoarfrost::keras {

class QuantizedPooling {
 public:
  // class_name: Keras' class. The configuration's own keys are read off it.
  static QuantizedPooling parse(const Config& config, const std::string& class_name);

  [[nodiscard]] Shapes infer(const Shapes& in) const;
  // n_elements: under a window.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in, int64_t n_elements) const;
  [[nodiscard]] Formulas reference(const Arrays& in, int64_t n_elements) const;

 private:
  std::shared_ptr<const Layer> layer_;
  Quantizer quantizer_;
  QuantizedActivation activation_;
};

}  // namespace hoarfrost::keras
