// What of a graph a picture shows, and the words of Graphviz' language that every picture has.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "cli/graphviz.h"
#include "ops/op.h"

namespace hoarfrost::cli {

// A graph without the constants that stand in the nodes that take them, unless options ask for them.
class VisibleGraph {
 public:
  VisibleGraph(const graph::Graph& graph, const DrawOptions& options);
  [[nodiscard]] const graph::Graph& graph() const { return graph_; }
  [[nodiscard]] const DrawOptions& options() const { return options_; }
  [[nodiscard]] bool is_hidden(const graph::Node& node) const;
  [[nodiscard]] size_t n_nodes() const;
  // The tensor's shape; "" where the ops do not say it.
  [[nodiscard]] std::string shape_of(const graph::Endpoint& endpoint) const;

 private:
  const graph::Graph& graph_;
  const DrawOptions& options_;
  ops::KnownMap known_;
  std::set<const graph::Node*> used_;
};

// The constant that the node is, or that it only passes on (a frozen variable's reading); else nullptr.
const graph::Node* constant_behind(const graph::Node& node);

std::string in_quotes(std::string_view text);
// By what an op is for; the colours of many viewers of networks.
const char* colour_of(const std::string& op);
// The beginning of a picture, as far as its first node.
std::string dot_head(const DrawOptions& options);

}  // namespace hoarfrost::cli
