// Which layers do something in training that this training phase does not.
#pragma once

#include "keras/model.h"

namespace hoarfrost::keras {

// Throws Error{kUnsupported} for a layer that would silently train as something else: one that augments at random in a
// way that is not done, and an Embedding that drops words.
void expect_trainable(const ModelLayer& layer);

}  // namespace hoarfrost::keras
