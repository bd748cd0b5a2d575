// Every node a box, in the boxes of its name scopes.
#include "cli/graphviz.h"

#include <fmt/format.h>

#include <map>
#include <memory>

#include "cli/visible_graph.h"

namespace hoarfrost::cli {
namespace {

using graph::Endpoint;
using graph::Node;

// Name scopes as a tree: a scope of one node is no box.
struct Scope {
  std::map<std::string, std::unique_ptr<Scope>> inner;
  std::vector<const Node*> nodes;
  [[nodiscard]] size_t size() const {
    size_t n = nodes.size();
    for (const auto& [name, scope] : inner) n += scope->size();
    return n;
  }
};

class Drawing {
 public:
  explicit Drawing(const VisibleGraph& visible) : visible_(visible), graph_(visible.graph()) {}

  std::string draw() {
    text_ = dot_head(visible_.options());
    Scope root;
    for (const auto& node : graph_.nodes()) {
      if (visible_.is_hidden(*node)) continue;
      Scope* scope = &root;
      std::string_view rest = node->name();
      for (size_t slash = rest.find('/'); slash != std::string_view::npos; slash = rest.find('/')) {
        auto& inner = scope->inner[std::string(rest.substr(0, slash))];
        if (inner == nullptr) inner = std::make_unique<Scope>();
        scope = inner.get();
        rest.remove_prefix(slash + 1);
      }
      scope->nodes.push_back(node.get());
    }
    write(root, "", 1, "");
    for (const auto& node : graph_.nodes()) write_edges(*node);
    return text_ + "}\n";
  }

 private:
  // `layer` is the name of a scope that has one node and so no box to stand on.
  void write(const Scope& scope, const std::string& path, int depth, const std::string& layer) {
    const std::string indent(static_cast<size_t>(depth) * 2, ' ');
    for (const Node* node : scope.nodes) write_node(*node, indent, layer);
    for (const auto& [name, inner] : scope.inner) {
      const std::string full = path.empty() ? name : path + "/" + name;
      const bool is_box = inner->size() > 1;
      if (is_box)
        text_ += fmt::format("{}subgraph {} {{\n{}  label={};\n", indent, in_quotes("cluster_" + full), indent,
                             in_quotes(name));
      write(*inner, full, depth + (is_box ? 1 : 0), is_box ? "" : full);
      if (is_box) text_ += indent + "}\n";
    }
  }

  void write_node(const Node& node, const std::string& indent, const std::string& layer) {
    std::string label = node.op() + (layer.empty() ? "" : "\n" + layer);
    const size_t slash = node.name().rfind('/');
    const std::string last = slash == std::string::npos ? node.name() : node.name().substr(slash + 1);
    if (!last.starts_with(node.op())) label += "\n" + last;
    if (!visible_.options().constants) {
      for (const Endpoint& input : node.inputs) {
        if (const Node* constant = constant_behind(*input.node)) label += "\n" + constant->value().shape().to_string();
      }
    }
    text_ += fmt::format("{}{} [label={}, tooltip={}, fillcolor=\"{}\"];\n", indent, in_quotes(node.name()),
                         in_quotes(label), in_quotes(node.name()), colour_of(node.op()));
  }

  void write_edges(const Node& node) {
    if (visible_.is_hidden(node)) return;
    for (const Endpoint& input : node.inputs) {
      if (visible_.is_hidden(*input.node)) continue;
      const std::string shape = visible_.shape_of(input);
      const std::string label = shape.empty() ? "" : fmt::format(" [label={}]", in_quotes(shape));
      text_ += fmt::format("  {} -> {}{};\n", in_quotes(input.node->name()), in_quotes(node.name()), label);
    }
    for (const Node* control : node.control_inputs) {
      if (!visible_.is_hidden(*control))
        text_ += fmt::format("  {} -> {} [style=dashed];\n", in_quotes(control->name()), in_quotes(node.name()));
    }
  }

  const VisibleGraph& visible_;
  const graph::Graph& graph_;
  std::string text_;
};

}  // namespace

std::string to_dot(const graph::Graph& graph, const DrawOptions& options) {
  return Drawing(VisibleGraph(graph, options)).draw();
}

}  // namespace hoarfrost::cli
