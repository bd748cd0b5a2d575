// What is said where a checkpoint has no value for a variable.
#pragma once

#include <hoarfrost/graph.h>

#include <string>

namespace hoarfrost::passes {

// "is this the graph's checkpoint? nearest of its 12 names: conv/kernel, conv/bias"
std::string nearest_in_checkpoint(const std::string& name, const graph::Variables& checkpoint);

}  // namespace hoarfrost::passes
