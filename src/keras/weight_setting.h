// What a layer's configuration says of one of its weights: initializer, regularizer, constraint.
#pragma once

#include <string>
#include <string_view>

#include "keras/config.h"

namespace hoarfrost::keras {

// The value of `kernel_initializer` for the weight "kernel" and the suffix "initializer"; that of the wrapped layer for
// "forward_layer/kernel", "layer/kernel" and "cells/lstm_cell_1/kernel"; Keras 1's `init`, `W_regularizer` and the like
// too. nullptr when the configuration says nothing, or null.
const Json* weight_setting(const Json& layer_config, const std::string& weight, std::string_view suffix);

}  // namespace hoarfrost::keras
