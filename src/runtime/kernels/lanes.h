// Sixteen floats at a time, as GCC's vectors: whatever registers there are, the compiler takes. By reference, for functions that are
// compiled for several processors cannot pass them in registers.
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

// e^x for x between -87 and 88, beyond which it stays; NaN stays NaN. Cephes' expf (Moshier, Methods and Programs for Mathematical
// Functions, 1989): within 2 units in the last place.
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

HOARFROST_INLINE void sigmoid(Lanes& x) {
  x = -x;
  exponential(x);
  x = 1.0F / (x + 1.0F);
}

// Cephes' tanhf: near 0 a polynomial, for 1 - 2 / (e^2x + 1) would lose digits there.
HOARFROST_INLINE void hyperbolic_tangent(Lanes& x) {
  const Lanes zero = Lanes{};
  const Lanes size = x < zero ? -x : x;
  Lanes far = size + size;
  exponential(far);
  far = 1.0F - 2.0F / (far + 1.0F);
  far = x < zero ? -far : far;
  const Lanes square = x * x;
  Lanes near = square * -5.70498872745e-3F + 2.06390887954e-2F;
  near = near * square - 5.37397155531e-2F;
  near = near * square + 1.33314422036e-1F;
  near = near * square - 3.33332819422e-1F;
  near = near * square * x + x;
  const Lanes border = zero + 0.625F;
  x = size < border ? near : far;
}

}  // namespace hoarfrost::runtime
