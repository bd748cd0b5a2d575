#include "passes/edit.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace hoarfrost::passes {

using graph::Endpoint;
using graph::Node;

Uses::Uses(const graph::Graph& graph) {
  for (const auto& node : graph.nodes()) {
    for (const Endpoint& input : node->inputs) users_[input.node].push_back(node.get());
    for (const Node* control : node->control_inputs) held_.insert(control);
  }
}

const std::vector<Node*>& Uses::of(const Node& node) const {
  static const std::vector<Node*> kNobody;
  const auto found = users_.find(&node);
  return found == users_.end() ? kNobody : found->second;
}

Node* Uses::only_user(const Node& node, const graph::Signature& signature) const {
  const auto& users = of(node);
  if (users.size() != 1 || is_held(node) || is_output(signature, node)) return nullptr;
  const auto is_first = [&](const Endpoint& input) { return input.node == &node && input.index == 0; };
  return std::ranges::count_if(users[0]->inputs, is_first) == 1 ? users[0] : nullptr;
}

bool is_output(const graph::Signature& signature, const Node& node) {
  return std::ranges::any_of(signature.outputs, [&](const Endpoint& output) { return output.node == &node; });
}

bool is_input(const graph::Signature& signature, const Node& node) {
  return std::ranges::any_of(signature.inputs, [&](const Endpoint& input) { return input.node == &node; });
}

void redirect(graph::Graph& graph, const std::map<Endpoint, Endpoint>& replacements) {
  if (replacements.empty()) return;
  for (const auto& node : graph.nodes()) {
    for (Endpoint& input : node->inputs) {
      for (auto found = replacements.find(input); found != replacements.end(); found = replacements.find(input))
        input = found->second;
    }
  }
}

void become_const(Node& node, Tensor value) {
  node.set_op("Const");
  node.inputs.clear();
  node.control_inputs.clear();
  node.attributes.clear();
  node.set("dtype", value.dtype());
  node.set("value", std::move(value));
}

const Tensor* const_value(const Endpoint& endpoint) {
  const Node* node = endpoint.node;
  while (node->op() == "Identity" && node->inputs.size() == 1 && node->control_inputs.empty())
    node = node->inputs[0].node;
  return node->op() == "Const" ? &node->value() : nullptr;
}

bool is_pure(const Node& node) {
  static constexpr std::array<std::string_view, 14> kOthers{
      "NoOp",        "Assert",   "Print",       "PrintV2",       "PlaceholderWithDefault",
      "Placeholder", "Variable", "VariableV2",  "VarHandleOp",   "ReadVariableOp",
      "If",          "While",    "StatelessIf", "StatelessWhile"};
  static constexpr std::array<std::string_view, 12> kParts{
      "Random", "Multinomial",   "TensorArray", "Switch",   "Merge",           "Enter",
      "Exit",   "NextIteration", "LoopCond",    "Iterator", "PartitionedCall", "Table"};
  const std::string_view op = node.op();
  return std::ranges::find(kOthers, op) == kOthers.end() &&
         std::ranges::none_of(kParts, [&](std::string_view part) { return op.find(part) != std::string_view::npos; });
}

}  // namespace hoarfrost::passes
