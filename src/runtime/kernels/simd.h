// Own loops, compiled for this processor's vectors as well as for the plainest, and chosen when they first run.
//
//   HOARFROST_LOOP(scale, (float* x, int64_t n, float by), (x, n, by)) { for (…) x[i] *= by; }
//   scale(x, n, 2);
#pragma once

#if defined(__x86_64__)
#define HOARFROST_AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,fma,prefer-vector-width=512")))
#define HOARFROST_AVX2 __attribute__((target("avx2,fma")))
// `name`, which is the one of name_avx512, name_avx2 and name_plain that this processor runs.
#define HOARFROST_CHOOSE(name, parameters, arguments)                                          \
  static void name parameters {                                                                \
    static void(*const chosen) parameters = ::hoarfrost::runtime::has_avx512() ? name##_avx512 \
                                            : ::hoarfrost::runtime::has_avx2() ? name##_avx2   \
                                                                               : name##_plain; \
    chosen arguments;                                                                          \
  }
#define HOARFROST_LOOP(name, parameters, arguments)                                \
  static inline __attribute__((always_inline)) void name##_body parameters;        \
  HOARFROST_AVX512 static void name##_avx512 parameters { name##_body arguments; } \
  HOARFROST_AVX2 static void name##_avx2 parameters { name##_body arguments; }     \
  static void name##_plain parameters { name##_body arguments; }                   \
  HOARFROST_CHOOSE(name, parameters, arguments)                                    \
  static inline __attribute__((always_inline)) void name##_body parameters
#else
#define HOARFROST_LOOP(name, parameters, arguments) static void name parameters
#endif

namespace hoarfrost::runtime {

// What the processor has and oneDNN may use: ONEDNN_MAX_CPU_ISA=AVX2 in the environment holds for our own loops too.
bool has_avx512();
bool has_avx2();

}  // namespace hoarfrost::runtime
