// What rewrites share: who uses what, and turning edges to another node.
#pragma once

#include <hoarfrost/graph.h>

#include <map>
#include <set>
#include <span>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace hoarfrost::passes {

// Who uses a node, as the graph was when this was made. A node that uses another twice stands twice.
class Uses {
 public:
  explicit Uses(const graph::Graph& graph);
  [[nodiscard]] const std::vector<graph::Node*>& of(const graph::Node& node) const;
  // The node that alone uses this one, by its output 0 alone and once; nullptr when there is none, or when the
  // signature holds the node as an output.
  [[nodiscard]] graph::Node* only_user(const graph::Node& node, const graph::Signature& signature) const;
  // Whether another node's control edge holds it.
  [[nodiscard]] bool is_held(const graph::Node& node) const { return held_.contains(&node); }

 private:
  std::unordered_map<const graph::Node*, std::vector<graph::Node*>> users_;
  std::unordered_set<const graph::Node*> held_;
};

bool is_output(const graph::Signature& signature, const graph::Node& node);
bool is_input(const graph::Signature& signature, const graph::Node& node);

// Every data edge from a key becomes one from its value (and on, where that is a key too); the signature is not
// touched.
void redirect(graph::Graph& graph, const std::map<graph::Endpoint, graph::Endpoint>& replacements);

// Makes a constant of the node, whose name and uses stay.
void become_const(graph::Node& node, Tensor value);

// The value of a Const, or of Identity nodes behind one; nullptr when it is neither.
const Tensor* const_value(const graph::Endpoint& endpoint);

// Whether running it anywhere, once or twice, gives the same value: no state, no random numbers, no control flow.
bool is_pure(const graph::Node& node);

}  // namespace hoarfrost::passes
