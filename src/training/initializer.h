// keras.initializers of Keras 2.15: the weights of a model that has none yet.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <string>

#include "training/json.h"

namespace hoarfrost::training {

// A weight of this shape from a configuration's initializer: a name ("he_normal"), or {"class_name", "config"}. The
// same seed gives the same numbers. Throws Error{kUnsupported} for an initializer that is none of Keras'.
Tensor initialized(const Json& initializer, const Shape& shape, uint64_t seed);

// What a layer's configuration says of the weight of that name ("kernel"): the initializer, or Keras' default.
Json initializer_of(const Json& layer_config, const std::string& weight);

}  // namespace hoarfrost::training
