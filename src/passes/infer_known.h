// What is known of a graph that may hold ops which nobody here knows.
#pragma once

#include "ops/op.h"

namespace hoarfrost::passes {

// As ops::infer, but of nodes whose op is not known, and of all that needs them, it says nothing.
ops::KnownMap infer_known(const graph::Graph& graph);

// The same, or nullptr where nothing is known.
const ops::Known* find_known(const ops::KnownMap& known, const graph::Endpoint& endpoint);

}  // namespace hoarfrost::passes
