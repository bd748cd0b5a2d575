#include "runtime/lower.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>
#include <unordered_set>

#include "ops/op.h"

namespace hoarfrost::runtime {
namespace {

using graph::Endpoint;
using graph::Node;

bool is_variable(std::string_view op) {
  return op == "Variable" || op == "VariableV2" || op == "VarHandleOp" || op == "ReadVariableOp" ||
         op == "AutoReloadVariable";
}

// Their output is their first input; they matter only to training or to debugging.
bool gives_its_input(std::string_view op) {
  return op == "Identity" || op == "StopGradient" || op == "PreventGradient" || op == "Snapshot" ||
         op == "CheckNumerics" || op == "PlaceholderWithDefault";
}

bool is_random(std::string_view op) {
  return op.starts_with("Random") || op.starts_with("Stateless") || op == "TruncatedNormal" || op == "Multinomial" ||
         op == "ParameterizedTruncatedNormal";
}

std::string place(const Node& node) { return fmt::format("node `{}`", node.name()); }

void check_runnable(const Node& node) {
  if (is_variable(node.op())) {
    throw Error(
        ErrorCode::kInvalidArgument, place(node),
        fmt::format("it is a variable ({}), and only frozen graphs can run: freeze the graph first", node.op()));
  }
  if (node.op() == "Placeholder") {
    throw Error(ErrorCode::kInvalidArgument, place(node),
                "the outputs need this Placeholder, but it is not among the inputs: name it as an input");
  }
  if (ops::find_op(node.op()) == nullptr) {
    throw Error(ErrorCode::kUnsupported, place(node),
                fmt::format("its op {} is not one that Hoarfrost can run", node.op()));
  }
}

class Lowering {
 public:
  Lowering(const graph::Signature& signature, std::span<const Shape> input_shapes) {
    for (size_t i = 0; i < signature.inputs.size(); ++i) {
      const ValueId id = add({.dtype = input_dtype(signature.inputs[i]), .shape = input_shapes[i], .constant = {}});
      ids_[signature.inputs[i]] = id;
      list_.inputs.push_back(id);
    }
  }

  void lower(const Node& node) {
    if (gives_its_input(node.op())) {
      ids_.try_emplace(Endpoint{const_cast<Node*>(&node), 0}, ids_.at(node.input(0)));
      return;
    }
    std::vector<ValueId> inputs;
    std::vector<ops::Known> known;
    for (const Endpoint& input : node.inputs) {
      inputs.push_back(id_of(input, node));
      const Value& value = list_.values[static_cast<size_t>(inputs.back())];
      known.push_back({value.dtype, value.shape, value.constant, {}});
    }
    std::vector<ops::Known> outputs = ops::infer_node(node, known);
    fold(node, known, outputs);
    Operation operation;
    operation.node = &node;
    operation.names = {node.name()};
    operation.inputs = std::move(inputs);
    bool is_constant = true;
    for (size_t i = 0; i < outputs.size(); ++i) {
      is_constant &= !outputs[i].value.empty();
      const ValueId id = add({outputs[i].dtype, outputs[i].shape, outputs[i].value});
      ids_.try_emplace(Endpoint{const_cast<Node*>(&node), static_cast<int>(i)}, id);
      operation.outputs.push_back(id);
    }
    if (!is_constant && !outputs.empty()) list_.operations.push_back(std::move(operation));
  }

  OperationList finish(const graph::Signature& signature) {
    for (const Endpoint& output : signature.outputs) {
      const ValueId id = id_of(output, *output.node);
      list_.values[static_cast<size_t>(id)].is_fetched = true;
      list_.outputs.push_back(id);
    }
    drop_unused();
    return std::move(list_);
  }

 private:
  ValueId add(Value value) {
    list_.values.push_back(std::move(value));
    return static_cast<ValueId>(list_.values.size()) - 1;
  }

  ValueId id_of(Endpoint endpoint, const Node& user) const {
    const auto found = ids_.find(endpoint);
    if (found != ids_.end()) return found->second;
    throw Error(ErrorCode::kInvalidArgument, place(user),
                fmt::format("`{}` is no output of its node ({})", endpoint.name(), endpoint.node->op()));
  }

  static void fold(const Node& node, std::span<const ops::Known> inputs, std::vector<ops::Known>& outputs) {
    const auto has_value = [](const ops::Known& k) { return !k.value.empty(); };
    if (ops::find_op(node.op())->reference == nullptr || is_random(node.op()) ||
        std::ranges::all_of(outputs, has_value))
      return;
    if (!std::ranges::all_of(inputs, has_value)) return;
    std::vector<Tensor> tensors;
    for (const auto& input : inputs) tensors.push_back(input.value.aligned());
    std::vector<Tensor> results = ops::run_node(node, tensors);
    for (size_t i = 0; i < results.size() && i < outputs.size(); ++i) {
      outputs[i] = {results[i].dtype(), results[i].shape(), results[i], {}};
    }
  }

  // Operations that gave only shapes have become constants' makers that nobody asks any more.
  void drop_unused() {
    std::vector<bool> is_used(list_.values.size(), false);
    for (const ValueId id : list_.outputs) is_used[static_cast<size_t>(id)] = true;
    for (auto& operation : list_.operations | std::views::reverse) {
      const bool is_needed = std::ranges::any_of(operation.outputs, [&](ValueId id) {
        return is_used[static_cast<size_t>(id)] && !list_.values[static_cast<size_t>(id)].is_constant();
      });
      if (!is_needed) {
        operation.node = nullptr;
        continue;
      }
      for (const ValueId id : operation.inputs) is_used[static_cast<size_t>(id)] = true;
    }
    for (size_t i = 0; i < is_used.size(); ++i) list_.values[i].is_used = is_used[i];
    std::erase_if(list_.operations, [](const Operation& operation) { return operation.node == nullptr; });
  }

  OperationList list_;
  std::map<Endpoint, ValueId> ids_;
};

}  // namespace

DType input_dtype(graph::Endpoint input) {
  for (const char* key : {"dtype", "T"}) {
    if (input.node->has(key)) return input.node->type(key);
  }
  return DType::kFloat32;
}

std::vector<Node*> needed_nodes(const graph::Graph& graph, const graph::Signature& signature) {
  const std::set<Endpoint> given(signature.inputs.begin(), signature.inputs.end());
  std::unordered_set<const Node*> needed;
  std::vector<const Node*> open;
  const auto need = [&](const Endpoint& endpoint) {
    if (!given.contains(endpoint) && needed.insert(endpoint.node).second) open.push_back(endpoint.node);
  };
  for (const auto& output : signature.outputs) need(output);
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    check_runnable(*node);
    for (const auto& input : node->inputs) need(input);
  }
  std::vector<Node*> result = graph::topological_order(graph);
  std::erase_if(result, [&](const Node* node) { return !needed.contains(node); });
  return result;
}

OperationList lower(std::span<Node* const> nodes, const graph::Signature& signature,
                    std::span<const Shape> input_shapes) {
  Lowering lowering(signature, input_shapes);
  for (const Node* node : nodes) lowering.lower(*node);
  return lowering.finish(signature);
}

}  // namespace hoarfrost::runtime
