#include <hoarfrost/passes.h>

#include <algorithm>
#include <unordered_set>

#include "passes/colocation.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

// The nodes that pass their first input on and that nothing but data edges holds.
std::unordered_set<const Node*> removable(const Graph& graph, const std::vector<std::string>& protected_nodes) {
  std::unordered_set<const Node*> held;
  for (const auto& name : protected_nodes) held.insert(graph.find(name));
  std::unordered_set<const Node*> result;
  for (const auto& node : graph.nodes()) {
    if (node->op() == "CheckNumerics" && !held.contains(node.get())) result.insert(node.get());
  }
  for (const auto& node : graph.nodes()) {
    if (result.contains(node.get())) continue;
    for (const auto& name : colocated_with(*node)) held.insert(graph.find(name));
    held.insert(node->control_inputs.begin(), node->control_inputs.end());
    if (!node->control_inputs.empty()) held.insert(node.get());
  }
  for (const auto& node : graph.nodes()) {
    if (node->op() == "Identity" && !node->inputs.empty() && !held.contains(node.get())) result.insert(node.get());
  }
  return result;
}

}  // namespace

int remove_training_nodes(Graph& graph, const std::vector<std::string>& protected_nodes) {
  const auto removed = removable(graph, protected_nodes);
  for (const auto& node : graph.nodes()) {
    if (removed.contains(node.get())) continue;
    for (Endpoint& input : node->inputs) {
      while (removed.contains(input.node)) input = input.node->input(0);
    }
    std::erase_if(node->control_inputs, [&](const Node* control) { return removed.contains(control); });
  }
  graph.retain([&](const Node& node) { return !removed.contains(&node); });
  return static_cast<int>(removed.size());
}

}  // namespace hoarfrost::passes
