// Values of a plan as the tensors that the ops' references take and give.
#pragma once

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// A view of the value in a step's memory, or the Tensor that is held there.
Tensor tensor_at(const Value& value, void* memory);
// Writes what `node` gave to the value's memory (nullptr: nobody wants it). Throws Error{kMismatch} when it has another
// shape than was planned for.
void store(const Tensor& tensor, const Value& value, void* memory, const graph::Node& node);

}  // namespace hoarfrost::runtime
