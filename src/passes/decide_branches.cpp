#include "passes/decide_branches.h"

#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

// Keras 1 and 2 name it so, in whichever scope it was first asked for.
bool is_learning_phase(const Node& node) {
  const bool is_source = node.op() == "Placeholder" || node.op() == "PlaceholderWithDefault";
  return is_source && node.name().find("keras_learning_phase") != std::string::npos;
}

bool is_flag(const Node& node) {
  return node.op() == "PlaceholderWithDefault" && node.get_or<DType>("dtype", DType::kInvalid) == DType::kBool &&
         !node.inputs.empty() && const_value(node.inputs[0]) != nullptr &&
         const_value(node.inputs[0])->n_elements() == 1;
}

class Branches {
 public:
  explicit Branches(Graph& graph) : graph_(graph) {}

  int decide() {
    for (Node* node : graph::topological_order(graph_)) visit(*node);
    redirect(graph_, replaced_);
    return n_decided_;
  }

 private:
  void visit(Node& node) {
    if (node.op() == "Switch") return visit_switch(node);
    if (node.op() == "Merge") return visit_merge(node);
    const bool is_dead =
        std::ranges::any_of(node.inputs, [&](const Endpoint& input) { return is_dead_[input]; }) ||
        std::ranges::any_of(node.control_inputs, [&](Node* control) { return is_dead_[control->output()]; });
    if (is_dead) kill(node);
  }

  // More outputs than any node before a Merge has in practice.
  void kill(Node& node) {
    for (int i = 0; i < 16; ++i) is_dead_[node.output(i)] = true;
  }

  void visit_switch(Node& node) {
    if (is_dead_[node.input(0)] || is_dead_[node.input(1)]) return kill(node);
    const auto condition = value_of(node.input(1), 0);
    if (!condition) return;
    const int taken = *condition ? 1 : 0;
    replaced_[node.output(taken)] = node.input(0);
    is_dead_[node.output(1 - taken)] = true;
    ++n_decided_;
  }

  // A Merge of a loop has a back edge, which is alive.
  void visit_merge(Node& node) {
    std::optional<size_t> alive;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (is_dead_[node.inputs[i]]) continue;
      if (alive) return;
      alive = i;
    }
    if (!alive) return kill(node);
    if (node.inputs.size() == 1) return;
    replaced_[node.output(0)] = node.inputs[*alive];
    Node& index = graph_.add_const(graph_.unique_name(node.name() + "/value_index"),
                                   Tensor::scalar(static_cast<int32_t>(*alive)));
    replaced_[node.output(1)] = index.output();
    ++n_decided_;
  }

  std::optional<bool> value_of(const Endpoint& endpoint, int depth) {
    constexpr int kDeepest = 64;
    const Node& node = *endpoint.node;
    if (depth > kDeepest) return std::nullopt;
    if (const auto found = replaced_.find(endpoint); found != replaced_.end())
      return value_of(found->second, depth + 1);
    if (node.op() == "Const") {
      const Tensor& value = node.value();
      if (value.dtype() != DType::kBool || value.n_elements() != 1) return std::nullopt;
      return Reader(value)[0] != 0;
    }
    if (node.op() == "Identity" && node.inputs.size() == 1) return value_of(node.inputs[0], depth + 1);
    if (node.op() == "LogicalNot" && node.inputs.size() == 1) {
      const auto value = value_of(node.inputs[0], depth + 1);
      return value ? std::optional(!*value) : std::nullopt;
    }
    if ((node.op() == "LogicalAnd" || node.op() == "LogicalOr") && node.inputs.size() == 2) {
      const auto a = value_of(node.inputs[0], depth + 1), b = value_of(node.inputs[1], depth + 1);
      const bool decides = node.op() == "LogicalOr";  // whatever the other is
      if (a == decides || b == decides) return decides;
      if (a && b) return !decides;
    }
    return std::nullopt;
  }

  Graph& graph_;
  std::map<Endpoint, Endpoint> replaced_;
  std::map<Endpoint, bool> is_dead_;
  int n_decided_ = 0;
};

}  // namespace

int decide_learning_phase(Graph& graph, graph::Signature& signature) {
  int n_decided = 0;
  for (const auto& node : graph.nodes()) {
    if (!is_learning_phase(*node) && !is_flag(*node)) continue;
    const bool value = !is_learning_phase(*node) && Reader(*const_value(node->inputs[0]))[0] != 0;
    const DType dtype = node->get_or<DType>("dtype", DType::kBool);
    std::erase_if(signature.inputs, [&](const Endpoint& input) { return input.node == node.get(); });
    become_const(*node, Tensor::scalar<float>(value ? 1 : 0).cast(dtype));
    ++n_decided;
  }
  return n_decided;
}

int decide_branches(Graph& graph) { return Branches(graph).decide(); }

}  // namespace hoarfrost::passes
