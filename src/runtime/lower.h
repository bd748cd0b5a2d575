// From graph::Graph to a list of operations: pruned to what the outputs need, shapes inferred, constants folded.
#pragma once

#include <hoarfrost/graph.h>

#include <span>
#include <vector>

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// The nodes that `signature.outputs` need, in an order in which they can run; the way back ends at signature.inputs.
// Throws Error{kUnsupported} for an op that is not known, Error{kInvalidArgument} for a variable, for a Placeholder
// that is no input, and for an output that its node has not; and what graph::schedule throws.
graph::Schedule needed_nodes(const graph::Graph& graph, const graph::Signature& signature);

// The type that an input must have.
DType input_dtype(graph::Endpoint input);

// `nodes` as operations, for inputs of these shapes. Nodes whose inputs are all constant run here, by their reference;
// Identity and its like become nothing; a loop is one operation, and so are the branches before a Merge, but where
// their condition is a constant. Throws what the ops' infer throws.
OperationList lower(const graph::Schedule& schedule, const graph::Signature& signature,
                    std::span<const Shape> input_shapes);

}  // namespace hoarfrost::runtime
