// Declares every layer of layers.def.
#pragma once

#include "keras/layer.h"

namespace hoarfrost::keras {

#define HOARFROST_LAYER(file) extern const LayerSpec layer_##file;
#include "keras/layers/layers.def"
#undef HOARFROST_LAYER

}  // namespace hoarfrost::keras
