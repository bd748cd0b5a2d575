// Functions written with AVX-512's intrinsics, in a program that also runs where there is none: has_avx512() (simd.h)
// first.
#pragma once

#if defined(__x86_64__)
// GCC 12 takes the undefined operands within its own min and max for mistakes (GCC bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#include <immintrin.h>
#pragma GCC diagnostic pop

#include "runtime/kernels/simd.h"

#define HOARFROST_AVX512_INLINE inline __attribute__((always_inline)) HOARFROST_AVX512
#endif
