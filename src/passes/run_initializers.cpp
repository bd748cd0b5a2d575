#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <unordered_set>

#include "ops/op.h"
#include "passes/missing_variable.h"
#include "passes/restore_slice.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

std::string place(const Node& node) { return fmt::format("node `{}`", node.name()); }

bool ends_with_op(const Node& node, std::string_view ref, std::string_view resource) {
  return node.op() == ref || node.op() == resource;
}

class Interpreter {
 public:
  Interpreter(const Graph& graph, graph::Variables& variables)
      : graph_(graph), saved_(variables), variables_(variables) {}

  void run(const std::string& name) {
    const Node* target = graph_.find(name);
    if (target == nullptr) target = graph::resolve(graph_, name).node;
    std::unordered_set<const Node*> reached{target};
    std::vector<const Node*> open{target};
    while (!open.empty()) {
      const Node* node = open.back();
      open.pop_back();
      const auto reach = [&](const Node* next) {
        if (reached.insert(next).second) open.push_back(next);
      };
      for (const Node* control : node->control_inputs) reach(control);
      for (const Endpoint& input : node->inputs) reach(input.node);
    }
    for (const Node* node : graph::topological_order(graph_)) {
      if (reached.contains(node)) run_node(*node);
    }
  }

 private:
  void run_node(const Node& node) {
    if (ends_with_op(node, "Assign", "AssignVariableOp")) {
      variables_.insert_or_assign(variable_of(node), value_of(node.input(1)));
    } else if (ends_with_op(node, "AssignAdd", "AssignAddVariableOp") ||
               ends_with_op(node, "AssignSub", "AssignSubVariableOp")) {
      add(node, node.op().starts_with("AssignAdd") ? "AddV2" : "Sub");
    }
  }

  static const std::string& variable_of(const Node& node) {
    const Node* variable = node.input(0).node;
    while ((variable->op() == "Identity" || variable->op() == "Enter") && !variable->inputs.empty())
      variable = variable->inputs[0].node;
    if (variable->op() != "VariableV2" && variable->op() != "Variable" && variable->op() != "VarHandleOp") {
      throw Error(ErrorCode::kUnsupported, place(node),
                  fmt::format("{} sets a {}; expected a variable", node.op(), variable->op()));
    }
    return variable->name();
  }

  void add(const Node& node, const char* op) {
    const std::string& name = variable_of(node);
    const auto old = variables_.find(name);
    if (old == variables_.end())
      throw Error(ErrorCode::kInvalidArgument, place(node), fmt::format("the variable `{}` has no value yet", name));
    Graph sum;
    Node& left = sum.add_const("left", old->second);
    Node& right = sum.add_const("right", value_of(node.input(1)));
    Node& result = sum.add(op, "sum", {left.output(), right.output()});
    result.set("T", old->second.dtype());
    old->second = evaluate(sum, result.output());
  }

  Tensor value_of(const Endpoint& wanted) {
    Endpoint source = wanted;
    while (source.node->op() == "Identity") source = source.node->input(0);
    if (source.node->op() == "Const") return source.node->value();
    if (source.node->op() == "RestoreV2") return restored(source);
    // Variables that the value is made of have one by now, so the rest is what freezing makes of it.
    Graph part = graph_.clone();
    freeze(part, variables_, {{wanted.node->name()}, {}, {}});
    return evaluate(part, {part.find(wanted.node->name()), wanted.index});
  }

  static Tensor evaluate(const Graph& graph, Endpoint wanted) {
    return ops::evaluate(graph, {}, std::span(&wanted, 1)).at(0);
  }

  Tensor restored(const Endpoint& output) const {
    const Node& node = *output.node;
    const auto& names = node.input(1).node->value().strings();
    const auto& slices = node.input(2).node->value().strings();
    const auto i = static_cast<size_t>(output.index);
    if (i >= names.size() || i >= slices.size())
      throw Error(ErrorCode::kCorrupt, place(node), "fewer names than outputs");
    const auto found = saved_.find(names[i]);
    if (found == saved_.end())
      throw Error(ErrorCode::kInvalidArgument, place(node),
                  fmt::format("the checkpoint has no `{}`: {}", names[i], nearest_in_checkpoint(names[i], saved_)));
    try {
      return slices[i].empty() ? found->second : restore_slice(found->second, slices[i]);
    } catch (Error& error) {
      error.within(place(node));
      throw;
    }
  }

  const Graph& graph_;
  const graph::Variables saved_;
  graph::Variables& variables_;
};

}  // namespace

void run_initializers(const Graph& graph, graph::Variables& variables, const std::vector<std::string>& names) {
  Interpreter interpreter(graph, variables);
  for (const auto& name : names) interpreter.run(name);
}

}  // namespace hoarfrost::passes
