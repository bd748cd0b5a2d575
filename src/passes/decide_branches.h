// Switch and Merge whose condition is known.
#pragma once

#include <hoarfrost/graph.h>

namespace hoarfrost::passes {

// Keras' learning phase is inference: placeholders named keras_learning_phase become the constant false, and boolean
// PlaceholderWithDefault scalars their default; they leave the signature. Returns how many there were.
int decide_learning_phase(graph::Graph& graph, graph::Signature& signature);

// Of tf.cond branches whose condition is a constant (or Identity, LogicalNot, LogicalAnd, LogicalOr of constants) the
// one that is taken stays; loops are let be. Returns the number of Switch and Merge nodes passed over.
int decide_branches(graph::Graph& graph);

}  // namespace hoarfrost::passes
