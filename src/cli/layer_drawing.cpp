// Every layer a box: what name scopes hold is drawn as one, where its nodes would be too many to look at.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "cli/graphviz.h"
#include "cli/visible_graph.h"

namespace hoarfrost::cli {
namespace {

using graph::Node;

constexpr size_t kMostBoxes = 1000;

std::string_view scope_of(std::string_view name) {
  const size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : name.substr(0, slash);
}

// Which box a node stands in.
class Layers {
 public:
  explicit Layers(const VisibleGraph& visible) {
    for (const auto& node : visible.graph().nodes()) {
      if (visible.is_hidden(*node)) continue;
      scopes_.insert(scope_of(node->name()));
      depth_ = std::max(depth_, static_cast<size_t>(std::ranges::count(node->name(), '/')));
    }
  }

  [[nodiscard]] size_t depth() const { return depth_; }
  void make_shallower() { --depth_; }

  // The outermost scope around the node that holds nodes itself, for those around it (nested models) hold scopes alone;
  // at most `depth` parts of it. The node's own name where it stands in none.
  [[nodiscard]] std::string_view box_of(std::string_view name) const {
    size_t end = name.find('/');
    if (end == std::string_view::npos) return name;
    for (size_t i = 1; i < depth_ && !scopes_.contains(name.substr(0, end)); ++i) {
      const size_t next = name.find('/', end + 1);
      if (next == std::string_view::npos) break;
      end = next;
    }
    return name.substr(0, end);
  }

 private:
  std::set<std::string_view> scopes_;  // that hold nodes
  size_t depth_ = 1;
};

using Boxes = std::map<std::string_view, std::vector<const Node*>>;

Boxes boxes_of(const VisibleGraph& visible, const Layers& layers) {
  Boxes boxes;
  for (const auto& node : visible.graph().nodes()) {
    if (!visible.is_hidden(*node)) boxes[layers.box_of(node->name())].push_back(node.get());
  }
  return boxes;
}

// A product's, where there is one; else that of the first op that has a colour of its own.
const char* colour_of_box(const std::vector<const Node*>& nodes) {
  const std::string product = colour_of("MatMul");
  const std::string plain = colour_of("");
  const char* result = colour_of(nodes.front()->op());
  for (const Node* node : nodes) {
    const char* colour = colour_of(node->op());
    if (colour == product) return colour;
    if (result == plain) result = colour;
  }
  return result;
}

std::string label_of(std::string_view name, const std::vector<const Node*>& nodes) {
  if (nodes.size() == 1) return fmt::format("{}\n{}", nodes.front()->op(), name);
  return fmt::format("{}\n{} nodes", name, nodes.size());
}

}  // namespace

std::string layers_to_dot(const graph::Graph& graph, const DrawOptions& options, size_t& n_boxes) {
  const VisibleGraph visible(graph, options);
  Layers layers(visible);
  Boxes boxes = boxes_of(visible, layers);
  for (; layers.depth() > 1 && boxes.size() > kMostBoxes; boxes = boxes_of(visible, layers)) layers.make_shallower();
  n_boxes = boxes.size();
  std::string text = dot_head(options);
  for (const auto& [name, nodes] : boxes) {
    text += fmt::format("  {} [label={}, fillcolor=\"{}\"];\n", in_quotes(name), in_quotes(label_of(name, nodes)),
                        colour_of_box(nodes));
  }
  std::set<std::string> edges;  // one for each tensor that goes from box to box
  for (const auto& [name, nodes] : boxes) {
    for (const Node* node : nodes) {
      for (const auto& input : node->inputs) {
        const std::string_view from = layers.box_of(input.node->name());
        if (visible.is_hidden(*input.node) || from == name) continue;
        const std::string edge = fmt::format("  {} -> {} [label={}];\n", in_quotes(from), in_quotes(name),
                                             in_quotes(visible.shape_of(input)));
        if (edges.insert(edge).second) text += edge;
      }
    }
  }
  return text + "}\n";
}

bool is_too_large_to_draw(const graph::Graph& graph, const DrawOptions& options) {
  return VisibleGraph(graph, options).n_nodes() > kMostBoxes;
}

}  // namespace hoarfrost::cli
