// Kernels that can do the same thing, tried against each other when compiling.
#pragma once

#include "runtime/kernel.h"

namespace hoarfrost::runtime {

// Whether `challenger` is faster than `champion` on random values and differs by at most kMaxDifference of the largest
// value. Both have one input and one output of these layouts (an in-place input is the output).
bool is_better(Kernel& challenger, Kernel& champion, const dnnl::memory::desc& input, const dnnl::memory::desc& output,
               const dnnl::engine& cpu);

}  // namespace hoarfrost::runtime
