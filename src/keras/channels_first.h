// Layers over space whose channels come first: the same layer with its channels last, between two transpositions.
#pragma once

#include <memory>

#include "keras/layer.h"

namespace hoarfrost::keras {

// Whether the configuration says channels_first (Keras 1: "th") of a layer to which that may be done.
bool is_channels_first(const Config& config);

// `layer` was parsed as channels_last; the result takes and gives [batch, channels, space…] ([batch, time, channels,
// space…] for a ConvLSTM). Weights are the same in either order (Keras 2.0 on). Flatten moves the channels last before
// it flattens (Keras 2.2 on), and outputs without space (global pooling) stay as they are.
std::shared_ptr<const Layer> channels_first(std::shared_ptr<const Layer> layer, const Config& config);

}  // namespace hoarfrost::keras
