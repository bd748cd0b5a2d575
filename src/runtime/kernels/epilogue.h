// What the fusion rules put behind an operation, as oneDNN's post-ops.
#pragma once

#include "runtime/kernels/primitive.h"

namespace hoarfrost::runtime {

// Post-ops for the addend (as a sum into the output) and the activation, with the scratchpad given by us.
dnnl::primitive_attr epilogue(const Operation& operation);

// The bias's descriptor, empty when there is none.
dnnl::memory::desc bias_desc(const Operation& operation);

}  // namespace hoarfrost::runtime
