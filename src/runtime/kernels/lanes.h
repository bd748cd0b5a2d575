// Sixteen floats at a time, as GCC's vectors: whatever registers there are, the compiler takes. By reference, for
// functions that are compiled for several processors cannot pass them in registers. What keeps many of them at once is
// written for the registers' own size, `V`: the compiler takes larger ones apart in memory.
#pragma once

#include <cstdint>
#include <cstring>

#include "runtime/kernels/simd.h"

namespace hoarfrost::runtime {

constexpr int64_t kLanes = 16;
using Lanes = float __attribute__((vector_size(64)));
using HalfLanes = float __attribute__((vector_size(32)));     // AVX2's registers
using QuarterLanes = float __attribute__((vector_size(16)));  // SSE's and NEON's

template <typename V>
constexpr int64_t kSize = sizeof(V) / sizeof(float);

#define HOARFROST_INLINE inline __attribute__((always_inline))

// As HOARFROST_LOOP (simd.h), but the body is a template of `V`, the registers of the processor for which it is
// compiled.
#if defined(__x86_64__)
#define HOARFROST_LANES_LOOP(name, parameters, arguments)                                 \
  template <typename V>                                                                   \
  HOARFROST_INLINE void name##_body parameters;                                           \
  HOARFROST_AVX512 static void name##_avx512 parameters { name##_body<Lanes> arguments; } \
  HOARFROST_AVX2 static void name##_avx2 parameters { name##_body<HalfLanes> arguments; } \
  static void name##_plain parameters { name##_body<QuarterLanes> arguments; }            \
  HOARFROST_CHOOSE(name, parameters, arguments)                                           \
  template <typename V>                                                                   \
  HOARFROST_INLINE void name##_body parameters
#else
#define HOARFROST_LANES_LOOP(name, parameters, arguments)              \
  template <typename V>                                                \
  HOARFROST_INLINE void name##_body parameters;                        \
  static void name parameters { name##_body<QuarterLanes> arguments; } \
  template <typename V>                                                \
  HOARFROST_INLINE void name##_body parameters
#endif

template <typename V>
HOARFROST_INLINE void load(V& target, const float* source) {
  std::memcpy(&target, source, sizeof target);
}
template <typename V>
HOARFROST_INLINE void store(float* target, const V& source) {
  std::memcpy(target, &source, sizeof source);
}

// What follows is of n at once, statement by statement: each function is a chain in which every operation waits for the
// one before, and a processor looks only some hundred operations ahead.
#define HOARFROST_EACH _Pragma("GCC unroll 16") for (int i = 0; i < n; ++i)

// e^x for x between -87 and 88, beyond which it stays; NaN stays NaN. Cephes' expf (Moshier, Methods and Programs for
// Mathematical Functions, 1989): within 2 units in the last place.
template <typename V, int n>
HOARFROST_INLINE void exponential(V (&x)[n]) {
  const V most = V{} + 88.0F;
  const V least = V{} - 87.0F;
  constexpr float kRounds = 12582912.0F;  // 1.5 · 2^23: what is added to it loses its fraction
  V shifted[n], y[n];
  HOARFROST_EACH x[i] = x[i] > most ? most : x[i];
  HOARFROST_EACH x[i] = x[i] < least ? least : x[i];
  HOARFROST_EACH shifted[i] = x[i] * 1.44269504088896341F + kRounds;
  HOARFROST_EACH x[i] = x[i] - (shifted[i] - kRounds) * 0.693359375F + (shifted[i] - kRounds) * 2.12194440e-4F;
  HOARFROST_EACH y[i] = x[i] * 1.9875691500e-4F + 1.3981999507e-3F;
  HOARFROST_EACH y[i] = y[i] * x[i] + 8.3334519073e-3F;
  HOARFROST_EACH y[i] = y[i] * x[i] + 4.1665795894e-2F;
  HOARFROST_EACH y[i] = y[i] * x[i] + 1.6666665459e-1F;
  HOARFROST_EACH y[i] = y[i] * x[i] + 5.0000001201e-1F;
  HOARFROST_EACH y[i] = y[i] * (x[i] * x[i]) + x[i] + 1.0F;
  HOARFROST_EACH {
    decltype(V{} < V{}) exponent, bits;  // integers
    std::memcpy(&exponent, &shifted[i], sizeof exponent);
    std::memcpy(&bits, &y[i], sizeof bits);
    bits += exponent << 23;  // what kRounds has in its bits is shifted out
    std::memcpy(&x[i], &bits, sizeof bits);
  }
}

// What sigmoid(x) is one divided by.
template <typename V, int n>
HOARFROST_INLINE void sigmoid_divisor(V (&x)[n]) {
  HOARFROST_EACH x[i] = -x[i];
  exponential(x);
  HOARFROST_EACH x[i] = x[i] + 1.0F;
}

template <typename V, int n>
HOARFROST_INLINE void sigmoid(V (&x)[n]) {
  sigmoid_divisor(x);
  HOARFROST_EACH x[i] = 1.0F / x[i];
}

// The rational function by which TensorFlow's erf is computed (Eigen 3.4, unsupported/SpecialFunctionsImpl.h): within
// some units in the last place.
template <typename V, int n>
HOARFROST_INLINE void error_function(V (&x)[n]) {
  const V most = V{} + 4.0F;  // beyond it is 1
  V square[n], above[n], below[n];
  HOARFROST_EACH x[i] = x[i] > most ? most : x[i];
  HOARFROST_EACH x[i] = x[i] < -most ? -most : x[i];
  HOARFROST_EACH square[i] = x[i] * x[i];
  HOARFROST_EACH above[i] = square[i] * -2.72614225801306e-10F + 2.77068142495902e-08F;
  HOARFROST_EACH below[i] = square[i] * -1.45660718464996e-05F - 2.13374055278905e-04F;
  HOARFROST_EACH above[i] = above[i] * square[i] - 2.10102402082508e-06F;
  HOARFROST_EACH below[i] = below[i] * square[i] - 1.68282697438203e-03F;
  HOARFROST_EACH above[i] = above[i] * square[i] - 5.69250639462346e-05F;
  HOARFROST_EACH below[i] = below[i] * square[i] - 7.37332916720468e-03F;
  HOARFROST_EACH above[i] = above[i] * square[i] - 7.34990630326855e-04F;
  HOARFROST_EACH below[i] = below[i] * square[i] - 1.42647390514189e-02F;
  HOARFROST_EACH above[i] = above[i] * square[i] - 2.95459980854025e-03F;
  HOARFROST_EACH above[i] = above[i] * square[i] - 1.60960333262415e-02F;
  HOARFROST_EACH x[i] = x[i] * above[i] / below[i];
}

// Keras 1's and 2's: 0.2 x + 0.5 between 0 and 1.
template <typename V, int n>
HOARFROST_INLINE void hard_sigmoid(V (&x)[n]) {
  const V none = V{};
  const V all = none + 1.0F;
  HOARFROST_EACH x[i] = x[i] * 0.2F + 0.5F;
  HOARFROST_EACH x[i] = x[i] > all ? all : x[i];
  HOARFROST_EACH x[i] = x[i] < none ? none : x[i];
}

template <typename V, int n>
HOARFROST_INLINE void rectified(V (&x)[n]) {
  HOARFROST_EACH x[i] = x[i] < 0.0F ? V{} : x[i];
}

// The rational function by which Eigen computes tanh (Eigen 3.4, MathFunctionsImpl.h), within some units in the last
// place: x becomes what stands above the line, below it stands a number between 0.004 and 1.
template <typename V, int n>
HOARFROST_INLINE void hyperbolic_tangent(V (&x)[n], V (&below)[n]) {
  const V most = V{} + 7.90531110763549805F;  // beyond it is 1
  V square[n], above[n];
  HOARFROST_EACH x[i] = x[i] > most ? most : x[i];
  HOARFROST_EACH x[i] = x[i] < -most ? -most : x[i];
  HOARFROST_EACH square[i] = x[i] * x[i];
  HOARFROST_EACH above[i] = square[i] * -2.76076847742355e-16F + 2.00018790482477e-13F;
  HOARFROST_EACH below[i] = square[i] * 1.19825839466702e-06F + 1.18534705686654e-04F;
  HOARFROST_EACH above[i] = above[i] * square[i] - 8.60467152213735e-11F;
  HOARFROST_EACH below[i] = below[i] * square[i] + 2.26843463243900e-03F;
  HOARFROST_EACH above[i] = above[i] * square[i] + 5.12229709037114e-08F;
  HOARFROST_EACH below[i] = below[i] * square[i] + 4.89352518554385e-03F;
  HOARFROST_EACH above[i] = above[i] * square[i] + 1.48572235717979e-05F;
  HOARFROST_EACH above[i] = above[i] * square[i] + 6.37261928875436e-04F;
  HOARFROST_EACH above[i] = above[i] * square[i] + 4.89352455891786e-03F;
  HOARFROST_EACH x[i] = x[i] * above[i];
}

template <typename V, int n>
HOARFROST_INLINE void hyperbolic_tangent(V (&x)[n]) {
  V below[n];
  hyperbolic_tangent(x, below);
  HOARFROST_EACH x[i] = x[i] / below[i];
}

}  // namespace hoarfrost::runtime
