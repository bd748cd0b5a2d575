#include <hoarfrost/passes.h>

#include <algorithm>

namespace hoarfrost::passes {

int strip_unused(graph::Graph& graph, const graph::Signature& signature) {
  // Where nodes once stood together, and shapes that TensorFlow's builder noted, keep nothing alive in a frozen graph,
  // and a rewrite makes them untrue.
  for (const auto& node : graph.nodes()) {
    node->attributes.erase("_class");
    node->attributes.erase("_output_shapes");
  }
  std::vector<std::string> names;
  for (const auto& output : signature.outputs) names.push_back(output.node->name());
  for (const auto& input : signature.inputs) names.push_back(input.node->name());
  const size_t n_before = graph.size();
  extract_sub_graph(graph, names);
  return static_cast<int>(n_before - graph.size());
}

namespace {

int strip_nodes(graph::Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  return strip_unused(graph, signature);
}

}  // namespace

extern const Pass pass_strip_unused;
const Pass pass_strip_unused{"strip_unused", "Nodes that no output needs are removed", true, strip_nodes};

}  // namespace hoarfrost::passes
