#include "cli/visible_graph.h"

#include <hoarfrost/error.h>

#include <algorithm>
#include <map>

namespace hoarfrost::cli {

using graph::Endpoint;
using graph::Node;

VisibleGraph::VisibleGraph(const graph::Graph& graph, const DrawOptions& options) : graph_(graph), options_(options) {
  try {
    known_ = ops::infer(graph);
  } catch (const Error&) {
    known_.clear();  // a graph with ops that are not known is drawn without shapes
  }
  for (const auto& node : graph.nodes()) {
    for (const Endpoint& input : node->inputs) used_.insert(input.node);
  }
}

bool VisibleGraph::is_hidden(const Node& node) const {
  return !options_.constants && constant_behind(node) != nullptr && (used_.contains(&node) || node.op() == "Const");
}

size_t VisibleGraph::n_nodes() const {
  return static_cast<size_t>(
      std::ranges::count_if(graph_.nodes(), [&](const auto& node) { return !is_hidden(*node); }));
}

std::string VisibleGraph::shape_of(const Endpoint& endpoint) const {
  const auto found = known_.find(endpoint);
  return found == known_.end() ? "" : found->second.shape.to_string();
}

const Node* constant_behind(const Node& node) {
  const Node* found = &node;
  while (found->op() == "Identity" && found->inputs.size() == 1) found = found->inputs[0].node;
  return found->op() == "Const" ? found : nullptr;
}

std::string in_quotes(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') result.push_back('\\');
    if (c == '\n')
      result += "\\n";
    else
      result.push_back(c);
  }
  return result + "\"";
}

const char* colour_of(const std::string& op) {
  static const std::map<std::string_view, const char*> kColours = {
      {"Conv", "#4878a8"},      {"Depthwise", "#4878a8"},      {"MatMul", "#4878a8"},  {"BatchMatMul", "#4878a8"},
      {"Einsum", "#4878a8"},    {"FusedBatchNorm", "#5a8f5a"}, {"Relu", "#a05050"},    {"Elu", "#a05050"},
      {"Selu", "#a05050"},      {"Sigmoid", "#a05050"},        {"Tanh", "#a05050"},    {"Softmax", "#a05050"},
      {"Softplus", "#a05050"},  {"MaxPool", "#6a8a48"},        {"AvgPool", "#6a8a48"}, {"Reshape", "#86603c"},
      {"Transpose", "#86603c"}, {"Concat", "#7a5c94"},         {"Pad", "#7a5c94"},     {"Placeholder", "#505050"},
      {"Const", "#8c8c8c"}};
  for (const auto& [prefix, colour] : kColours) {
    if (op.starts_with(prefix)) return colour;
  }
  return "#606b78";
}

std::string dot_head(const DrawOptions& options) {
  return "digraph hoarfrost {\n  rankdir=" + std::string(options.horizontal ? "LR" : "TB") +
         ";\n  graph [fontname=\"Helvetica\", fontsize=11, color=\"#b0b8c0\", style=rounded];\n"
         "  node [shape=box, style=\"rounded,filled\", fontname=\"Helvetica\", fontsize=10, fontcolor=white, "
         "penwidth=0];\n"
         "  edge [fontname=\"Helvetica\", fontsize=9, color=\"#505860\"];\n";
}

}  // namespace hoarfrost::cli
