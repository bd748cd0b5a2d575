// What layers of complex numbers share: STFT's real and imaginary parts stand along one axis more than Keras' have
// (kapre_stft.h): [batch, frames, frequencies, channels, 2].
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

inline Shape without_parts(const Shape& x) { return {x[0], x[1], x[2], x[3]}; }

inline Shapes infer_of_parts(const Shapes& in) {
  expect_inputs(in, 1);
  expect_rank(in[0], 5);
  return {without_parts(in[0])};
}

// The parts as real numbers. Throws Error{kUnsupported}, naming the layer, for what STFT does not give.
Value parts_of(const Value& complex, std::string_view class_name);

// sqrt(real² + imaginary²)
Value length_of(Lowering& lowering, const Value& parts);

}  // namespace hoarfrost::keras
