// What the layers share that drop values at random in training: Keras' inverted dropout, x / (1 - rate) where it stays.
#pragma once

#include "keras/layer.h"

namespace hoarfrost::keras {

// The key `rate`, Keras 1's `p`. Throws Error{kCorrupt} outside [0, 1].
double dropout_rate(const Config& config);

// In training the values dropped, at inference the input itself: no node is left. noise_shape says where one decision
// holds for many values (1), as Keras' own (kUnknown: as x); without a rank every value has its own.
Values lower_dropout(Lowering& lowering, const Value& x, double rate, const Shape& noise_shape = Shape::unknown_rank());

}  // namespace hoarfrost::keras
