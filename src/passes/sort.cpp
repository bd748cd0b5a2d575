#include <hoarfrost/passes.h>

namespace hoarfrost::passes {
namespace {

graph::Signature signature_in(const graph::Graph& copy, const graph::Signature& signature) {
  graph::Signature result;
  for (const auto& input : signature.inputs) result.inputs.push_back({copy.find(input.node->name()), input.index});
  for (const auto& output : signature.outputs) result.outputs.push_back({copy.find(output.node->name()), output.index});
  return result;
}

int sort(graph::Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  const auto order = graph::topological_order(graph);
  int n_moved = 0;
  for (size_t i = 0; i < order.size(); ++i) n_moved += order[i] != graph.nodes()[i].get() ? 1 : 0;
  if (n_moved == 0) return 0;
  graph::Graph sorted;
  sorted.producer = graph.producer;
  sorted.min_consumer = graph.min_consumer;
  sorted.library = graph.library;
  for (const graph::Node* node : order) {
    graph::Node& made = sorted.add(node->op(), node->name());
    made.device = node->device;
    made.attributes = node->attributes;
  }
  for (const graph::Node* node : order) {  // all are there by now: a loop's edges lead back
    graph::Node& made = *sorted.find(node->name());
    for (const auto& input : node->inputs) made.inputs.push_back({sorted.find(input.node->name()), input.index});
    for (const graph::Node* control : node->control_inputs) made.control_inputs.push_back(sorted.find(control->name()));
  }
  signature = signature_in(sorted, signature);
  graph = std::move(sorted);
  return n_moved;
}

}  // namespace

extern const Pass pass_sort;
const Pass pass_sort{"sort", "Nodes stand after what they use, as OpenCV and others expect", true, sort};

}  // namespace hoarfrost::passes
