#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <unordered_set>

#include "passes/colocation.h"

namespace hoarfrost::passes {

void extract_sub_graph(graph::Graph& graph, const std::vector<std::string>& outputs) {
  std::unordered_set<const graph::Node*> kept;
  std::vector<const graph::Node*> open;
  const auto keep = [&](const graph::Node* node) {
    if (node != nullptr && kept.insert(node).second) open.push_back(node);
  };
  for (const auto& output : outputs) keep(graph::resolve(graph, output).node);
  while (!open.empty()) {
    const graph::Node& node = *open.back();
    open.pop_back();
    for (const auto& input : node.inputs) keep(input.node);
    for (const auto* control : node.control_inputs) keep(control);
    for (const auto& name : colocated_with(node)) keep(graph.find(name));
  }
  graph.retain([&](const graph::Node& node) { return kept.contains(&node); });
}

}  // namespace hoarfrost::passes
