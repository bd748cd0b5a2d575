#include "passes/infer_known.h"

#include <hoarfrost/error.h>

namespace hoarfrost::passes {
namespace {

ops::KnownMap infer_what_can_be(const graph::Graph& graph) {
  ops::KnownMap known;
  for (graph::Node* node : graph::topological_order(graph)) {
    std::vector<ops::Known> inputs;
    for (const auto& input : node->inputs) {
      if (const ops::Known* found = find_known(known, input)) inputs.push_back(*found);
    }
    if (inputs.size() != node->inputs.size()) continue;
    try {
      const auto outputs = ops::infer_node(*node, inputs);
      for (size_t i = 0; i < outputs.size(); ++i) known.emplace(node->output(static_cast<int>(i)), outputs[i]);
    } catch (const Error&) {  // what nobody here knows stays unknown; who needs it says so
      continue;
    }
  }
  return known;
}

}  // namespace

ops::KnownMap infer_known(const graph::Graph& graph) {
  try {
    return ops::infer(graph);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;
    return infer_what_can_be(graph);
  }
}

const ops::Known* find_known(const ops::KnownMap& known, const graph::Endpoint& endpoint) {
  const auto found = known.find(endpoint);
  return found == known.end() ? nullptr : &found->second;
}

}  // namespace hoarfrost::passes
