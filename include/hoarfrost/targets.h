// Programs that frozen graphs are made for, each with its own dialect of TensorFlow's graphs.
#pragma once

#include <hoarfrost/graph.h>

#include <string_view>
#include <vector>

namespace hoarfrost::targets {

// One file under src/targets ends in a `const Target target_NAME`; its line in targets.def registers it.
struct Target {
  std::string_view name;     // "opencv"
  std::string_view summary;  // one line
  // Rewrites a frozen graph to what the program reads, which computes the same; the signature's names stay.
  void (*rewrite)(graph::Graph& graph, graph::Signature& signature);
  // Throws Error{kUnsupported} naming the node, its layer and its op for the first thing that the program cannot read.
  void (*check)(const graph::Graph& graph, const graph::Signature& signature);
};

// In targets.def's order.
const std::vector<const Target*>& all_targets();
// Throws Error{kInvalidArgument} that lists them.
const Target& find_target(std::string_view name);
// Rewrites, validates, checks. Errors name the target.
void fit(const Target& target, graph::Graph& graph, graph::Signature& signature);

}  // namespace hoarfrost::targets
