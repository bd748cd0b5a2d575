// What the matrix products' kernels and the rules that fuse into them both know.
#pragma once

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// Whether it is a MatMul whose kernel adds a bias that is no constant: of two float32 values, nothing empty.
bool is_trained_product(const Operation& operation, const OperationList& list);

}  // namespace hoarfrost::runtime
