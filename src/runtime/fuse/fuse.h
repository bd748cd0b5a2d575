// The rules by which operations are fused; none changes what is computed by more than the rounding of a product.
#pragma once

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// All rules of fusions.def, in their order.
void fuse(OperationList& list);

// What several rules ask.
// Whether the operation is one behind which oneDNN can add a bias, an addend and an activation: a convolution or a
// dense layer with constant float32 weights.
bool takes_epilogue(const Operation& operation, const OperationList& list);
// A relu of any kind or another function that may stand behind a convolution; nullopt when `operation` is none.
std::optional<Activation> fusable_activation(const Operation& operation);
// A constant float32 vector with one value per channel (or a scalar) as `id`, for an operation over `shape`; empty for
// another.
std::vector<float> per_channel(const Value& constant, const Shape& shape);

}  // namespace hoarfrost::runtime
