// What the TensorFlow Model Optimization Toolkit's wrappers share. They call the layer within as a function, so that
// its nodes stand in the wrapper's own scope (lower_with).
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// The layer in the configuration's `layer`, called with the arguments that the wrapper is called with. Errors as
// parse_layer's.
std::shared_ptr<const Layer> parse_wrapped(const Config& config);

// The layer's weights under "layer/", the group of .keras files that holds them.
std::vector<WeightSpec> wrapped_weights(const Layer& layer, const Shapes& in);

// Throws Error{kUnsupported} in training; how: what to do instead.
void refuse_training(const Lowering& lowering, std::string_view how);

}  // namespace hoarfrost::keras
