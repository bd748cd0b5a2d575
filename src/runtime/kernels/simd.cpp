#include "runtime/kernels/simd.h"

#include <dnnl.hpp>

namespace hoarfrost::runtime {

#if defined(__x86_64__)
namespace {

// oneDNN's instruction sets are sets of bits, each with those of what came before it.
bool may_use(dnnl::cpu_isa isa) {
  const auto bits = static_cast<unsigned>(isa);
  return (static_cast<unsigned>(dnnl::get_effective_cpu_isa()) & bits) == bits;
}

}  // namespace

bool has_avx512() {
  static const bool result = may_use(dnnl::cpu_isa::avx512_core) && __builtin_cpu_supports("avx512f") &&
                             __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
                             __builtin_cpu_supports("avx512dq");
  return result;
}

bool has_avx2() {
  static const bool result =
      may_use(dnnl::cpu_isa::avx2) && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  return result;
}
#else
bool has_avx512() { return false; }
bool has_avx2() { return false; }
#endif

}  // namespace hoarfrost::runtime
