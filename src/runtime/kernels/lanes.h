// Sixteen floats at a time, as GCC's vectors: whatever registers there are, the compiler takes. By reference, for
// functions that are compiled for several processors cannot pass them in registers.
#pragma once

#include <cstdint>
#include <cstring>

namespace hoarfrost::runtime {

constexpr int64_t kLanes = 16;
using Lanes = float __attribute__((vector_size(64)));
using IntLanes = int32_t __attribute__((vector_size(64)));

#define HOARFROST_INLINE inline __attribute__((always_inline))

HOARFROST_INLINE void load(Lanes& target, const float* source) { std::memcpy(&target, source, sizeof target); }
HOARFROST_INLINE void store(float* target, const Lanes& source) { std::memcpy(target, &source, sizeof source); }
// The first n.
HOARFROST_INLINE void load_some(Lanes& target, const float* source, int64_t n) {
  target = Lanes{};
  std::memcpy(&target, source, static_cast<size_t>(n) * sizeof(float));
}

// e^x for x between -87 and 88, beyond which it stays; NaN stays NaN. Cephes' expf (Moshier, Methods and Programs for
// Mathematical Functions, 1989): within 2 units in the last place.
HOARFROST_INLINE void exponential(Lanes& x) {
  const Lanes most = Lanes{} + 88.0F;
  const Lanes least = Lanes{} - 87.0F;
  x = x > most ? most : x;
  x = x < least ? least : x;
  constexpr float kRounds = 12582912.0F;  // 1.5 · 2^23: what is added to it loses its fraction
  const Lanes shifted = x * 1.44269504088896341F + kRounds;
  const Lanes n = shifted - kRounds;
  x = x - n * 0.693359375F + n * 2.12194440e-4F;
  Lanes y = x * 1.9875691500e-4F + 1.3981999507e-3F;
  y = y * x + 8.3334519073e-3F;
  y = y * x + 4.1665795894e-2F;
  y = y * x + 1.6666665459e-1F;
  y = y * x + 5.0000001201e-1F;
  y = y * (x * x) + x + 1.0F;
  IntLanes exponent;
  std::memcpy(&exponent, &shifted, sizeof exponent);
  IntLanes bits;
  std::memcpy(&bits, &y, sizeof bits);
  bits += exponent << 23;  // what kRounds has in its bits is shifted out
  std::memcpy(&x, &bits, sizeof x);
}

// What sigmoid(x) is one divided by.
HOARFROST_INLINE void sigmoid_divisor(Lanes& x) {
  x = -x;
  exponential(x);
  x = x + 1.0F;
}

HOARFROST_INLINE void sigmoid(Lanes& x) {
  sigmoid_divisor(x);
  x = 1.0F / x;
}

// Keras 1's and 2's: 0.2 x + 0.5 between 0 and 1.
HOARFROST_INLINE void hard_sigmoid(Lanes& x) {
  const Lanes none = Lanes{};
  const Lanes all = none + 1.0F;
  x = x * 0.2F + 0.5F;
  x = x > all ? all : x;
  x = x < none ? none : x;
}

// The rational function by which Eigen computes tanh (Eigen 3.4, MathFunctionsImpl.h), within some units in the last
// place: x becomes what stands above the line, below it stands a number between 0.004 and 1.
HOARFROST_INLINE void hyperbolic_tangent(Lanes& x, Lanes& below) {
  const Lanes most = Lanes{} + 7.90531110763549805F;  // beyond it is 1
  x = x > most ? most : x;
  x = x < -most ? -most : x;
  const Lanes square = x * x;
  Lanes above = square * -2.76076847742355e-16F + 2.00018790482477e-13F;
  above = above * square - 8.60467152213735e-11F;
  above = above * square + 5.12229709037114e-08F;
  above = above * square + 1.48572235717979e-05F;
  above = above * square + 6.37261928875436e-04F;
  above = above * square + 4.89352455891786e-03F;
  below = square * 1.19825839466702e-06F + 1.18534705686654e-04F;
  below = below * square + 2.26843463243900e-03F;
  below = below * square + 4.89352518554385e-03F;
  x = x * above;
}

HOARFROST_INLINE void hyperbolic_tangent(Lanes& x) {
  Lanes below;
  hyperbolic_tangent(x, below);
  x = x / below;
}

}  // namespace hoarfrost::runtime
