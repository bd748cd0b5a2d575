#include "runtime/lower.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>
#include <unordered_set>

#include "ops/known.h"
#include "runtime/lowering.h"

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

// A TensorArray is written to: each run has its own.
bool is_new_each_time(std::string_view op) {
  return op == "TensorArrayV3" || op.starts_with("Random") || op.starts_with("Stateless") || op == "TruncatedNormal" ||
         op == "Multinomial" || op == "ParameterizedTruncatedNormal";
}

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

// Within loops too.
void check_runnable(const graph::Schedule& schedule) {
  for (const Node* node : schedule.nodes) check_runnable(*node);
  for (const auto& loop : schedule.loops) {
    check_runnable(loop.second->condition_schedule);
    check_runnable(loop.second->body);
  }
}

}  // namespace

std::string place(const Node& node) { return fmt::format("node `{}`", node.name()); }

void Lowering::lower(Node& node) {
  if (node.op() == "Switch" || node.op() == "Merge") return lower_branch(node);
  if (is_dead(node)) return kill(node);
  const Conditions conditions = conditions_of(node);
  if (const auto loop = schedule_.loops.find(&node); loop != schedule_.loops.end())
    return lower_loop(node, *loop->second, conditions);
  if (gives_its_input(node.op())) {
    ids_.try_emplace(node.output(), id_of(node.input(0), node));
    if (!conditions.empty()) conditions_[node.output()] = conditions;
    return;
  }
  const std::vector<ValueId> inputs = inputs_of(node);
  std::vector<ops::Known> known;
  for (const ValueId id : inputs) known.push_back(known_of(id));
  std::vector<ops::Known> outputs = ops::infer_node(node, known);
  fold(node, known, outputs);
  Operation operation = operation_of(node, inputs);
  bool is_constant = true;
  for (size_t i = 0; i < outputs.size(); ++i) {
    is_constant &= !outputs[i].value.empty();
    operation.outputs.push_back(add_output(node, static_cast<int>(i), outputs[i], conditions));
  }
  if (!is_constant && !outputs.empty() && conditions.empty()) list_.operations.push_back(std::move(operation));
}

Operation Lowering::operation_of(const Node& node, std::vector<ValueId> inputs) {
  Operation operation;
  operation.node = &node;
  operation.names = {node.name()};
  operation.inputs = std::move(inputs);
  return operation;
}

ops::Known Lowering::known_of(ValueId id) const {
  const Value& value = list_.values[static_cast<size_t>(id)];
  return {value.dtype, value.shape, value.constant, value.sizes};
}

std::vector<ValueId> Lowering::inputs_of(const Node& node) const {
  std::vector<ValueId> inputs;
  for (const Endpoint& input : node.inputs) inputs.push_back(id_of(input, node));
  return inputs;
}

ValueId Lowering::add_output(Node& node, int i, const ops::Known& known, const Conditions& conditions) {
  const ValueId id = add({.dtype = known.dtype, .shape = known.shape, .constant = known.value, .sizes = known.sizes});
  ids_.try_emplace(node.output(i), id);
  if (!conditions.empty()) conditions_[node.output(i)] = conditions;
  return id;
}

void Lowering::in_branch(const Node& node) {
  throw Error(ErrorCode::kInvalidArgument, place(node),
              "it stands in a branch that may not be taken; only what comes out of it by a Merge can be had");
}

ValueId Lowering::add(Value value) {
  list_.values.push_back(std::move(value));
  return static_cast<ValueId>(list_.values.size()) - 1;
}

ValueId Lowering::id_of(Endpoint endpoint, const Node& user) const {
  const auto found = ids_.find(endpoint);
  if (found != ids_.end()) return found->second;
  throw Error(ErrorCode::kInvalidArgument, place(user),
              fmt::format("`{}` is no output of its node ({})", endpoint.name(), endpoint.node->op()));
}

void Lowering::fold(const Node& node, std::span<const ops::Known> inputs, std::vector<ops::Known>& outputs) {
  const auto has_value = [](const ops::Known& k) { return !k.value.empty(); };
  if (ops::find_op(node.op())->reference == nullptr || is_new_each_time(node.op()) ||
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
void Lowering::drop_unused() {
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

void Lowering::give(Value value, std::initializer_list<Endpoint> endpoints) {
  const bool is_constant = value.is_constant();
  const ValueId id = add(std::move(value));
  for (const Endpoint& endpoint : endpoints) ids_[endpoint] = id;
  if (!is_constant) list_.inputs.push_back(id);
}

OperationList Lowering::lower(std::span<const Endpoint> outputs) {
  for (Node* node : schedule_.nodes) lower(*node);
  for (const Endpoint& output : outputs) {
    const ValueId id = id_of(output, *output.node);
    if (conditions_.contains(output)) in_branch(*output.node);
    list_.values[static_cast<size_t>(id)].is_fetched = true;
    list_.outputs.push_back(id);
  }
  drop_unused();
  return std::move(list_);
}

DType input_dtype(graph::Endpoint input) {
  for (const char* key : {"dtype", "T"}) {
    if (input.node->has(key)) return input.node->type(key);
  }
  return DType::kFloat32;
}

graph::Schedule needed_nodes(const graph::Graph& graph, const graph::Signature& signature) {
  const std::set<Endpoint> given(signature.inputs.begin(), signature.inputs.end());
  if (graph::has_control_flow(graph)) {
    graph::Schedule result = graph::schedule(graph, signature.outputs, given);
    check_runnable(result);
    return result;
  }
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
  return {std::move(result), {}};
}

OperationList lower(const graph::Schedule& schedule, const graph::Signature& signature,
                    std::span<const Shape> input_shapes) {
  Lowering lowering(schedule);
  for (size_t i = 0; i < signature.inputs.size(); ++i) {
    lowering.give({.dtype = input_dtype(signature.inputs[i]), .shape = input_shapes[i], .constant = {}},
                  {signature.inputs[i]});
  }
  return lowering.lower(signature.outputs);
}

}  // namespace hoarfrost::runtime
