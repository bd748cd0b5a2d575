// What an operation costs by arithmetic alone: for profiles.
#pragma once

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// Floating-point operations of one run, a multiply-add counting two: 2 * outputs * window * input channels of a group
// for a convolution, 2 * m * n * k for a product, the window's elements for each output of a pooling, one for each
// output element of anything else. What Winograd saves is not subtracted, so that a figure above the machine's peak is
// possible.
double n_flops(const Operation& operation, const OperationList& list);

// Bytes of what it reads and writes, each value once, weights included.
double n_bytes(const Operation& operation, const OperationList& list);

}  // namespace hoarfrost::runtime
