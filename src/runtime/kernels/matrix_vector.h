// A dense layer for one row: the time is that of reading the weights once, so they lie in the order in which they are
// read.
#pragma once

#include "runtime/kernel.h"

namespace hoarfrost::runtime {

// For a MatMul by constant weights [K, N] of an input with one row, and an activation that is a relu or none; else
// nullptr.
std::unique_ptr<Kernel> make_matrix_vector(const Operation& operation, const Site& site);

}  // namespace hoarfrost::runtime
