// A QuantizeConfig of the TensorFlow Model Optimization Toolkit 0.8: which weights, activation and output of a layer
// are quantized, and how. Its own ones, of 8 bits (Default8Bit…) and of any number (DefaultNBit…), each known by its
// class: a file holds no quantizers.
#pragma once

#include <string>
#include <vector>

#include "keras/activations.h"
#include "keras/fake_quantization.h"

namespace hoarfrost::keras {

struct QuantizeConfig {
  std::vector<std::string> weights;  // by the layer's names
  FakeQuantizer weight;
  // Of a layer whose activation is quantized (QuantizeAwareActivation): that one, which the layer's own configuration
  // then has no more.
  bool has_activation = false;
  Activation activation;
  FakeQuantizer before_activation;
  FakeQuantizer after_activation;
  FakeQuantizer output;

  // layer: the configuration of the layer that it is for, whose `activation` becomes what Keras knows. Throws
  // Error{kUnsupported} for a class that is not the toolkit's own, and for what those do not take.
  static QuantizeConfig parse(const Config& wrapper, const std::string& layer_class, Json& layer);
};

}  // namespace hoarfrost::keras
