// Loops and branches on the way to operations.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <unordered_set>

#include "runtime/lowering.h"

namespace hoarfrost::runtime {

using graph::Endpoint;
using graph::Node;

bool Lowering::is_dead(const Node& node) const {
  const auto is_in = [&](const Endpoint& endpoint) { return dead_.contains(endpoint); };
  if (const auto loop = schedule_.loops.find(&node); loop != schedule_.loops.end()) {
    return std::ranges::any_of(loop->second->variables,
                               [&](const auto& variable) { return is_in(variable.enter->input(0)); });
  }
  return !dead_.empty() && (std::ranges::any_of(node.inputs, is_in) || std::ranges::any_of(graph::pivots(node), is_in));
}

void Lowering::kill(Node& node) {
  for (int i = 0; i < graph::most_outputs(node); ++i) dead_.insert(node.output(i));
}

Conditions Lowering::conditions_of(const Node& node) const {
  Conditions result;
  if (conditions_.empty()) return result;
  const auto take = [&](const Endpoint& endpoint) {
    const auto found = conditions_.find(endpoint);
    if (found != conditions_.end()) result.insert(found->second.begin(), found->second.end());
  };
  const auto loop = schedule_.loops.find(&node);
  if (loop == schedule_.loops.end()) {
    std::ranges::for_each(node.inputs, take);
    std::ranges::for_each(graph::pivots(node), take);
    return result;
  }
  for (const auto& variable : loop->second->variables) take(variable.enter->input(0));
  for (const Node* constant : loop->second->constants) take(constant->input(0));
  return result;
}

void Lowering::lower_branch(Node& node) {
  if (node.op() == "Merge") return lower_merge(node);
  if (is_dead(node)) return kill(node);
  Endpoint condition = node.input(1);
  while (condition.node->op() == "Identity") condition = condition.node->input(0);
  const ValueId data = id_of(node.input(0), node);
  const Value& decides = list_.values[static_cast<size_t>(id_of(node.input(1), node))];
  if (decides.dtype != DType::kBool)
    throw Error(ErrorCode::kMismatch, place(node), "Switch: expected a bool as its condition");
  if (decides.is_constant() && decides.constant.n_elements() == 1) {
    const int taken = decides.constant.values<bool>()[0] ? 1 : 0;
    ids_.try_emplace(node.output(taken), data);
    dead_.insert(node.output(1 - taken));
    return;
  }
  for (int side = 0; side < 2; ++side) {
    Conditions conditions = conditions_of(node);
    conditions.insert({condition, side});
    const ops::Known known = known_of(data);
    add_output(node, side, {known.dtype, known.shape, {}, known.sizes}, conditions);
  }
}

void Lowering::lower_merge(Node& node) {
  std::vector<ops::Known> alive;
  Endpoint only;
  for (const Endpoint& input : node.inputs) {
    if (dead_.contains(input)) continue;
    only = input;
    alive.push_back(known_of(id_of(input, node)));
  }
  if (alive.empty()) return kill(node);
  const Conditions conditions = settled(conditions_of(node));
  if (alive.size() == 1 && !conditions_.contains(only)) {
    const auto which = static_cast<int32_t>(std::ranges::find(node.inputs, only) - node.inputs.begin());
    ids_.try_emplace(node.output(), ids_.at(only));
    add_output(node, 1, {DType::kInt32, {}, Tensor::scalar(which), {}}, {});
    return;
  }
  const std::vector<ops::Known> outputs = ops::infer_node(node, alive);
  Operation operation = operation_of(node, {});
  for (int i = 0; i < 2; ++i)
    operation.outputs.push_back(add_output(node, i, outputs[static_cast<size_t>(i)], conditions));
  if (!conditions.empty()) return;
  find_branches(node, operation);
  list_.operations.push_back(std::move(operation));
}

// Where both ways of a condition meet, nothing depends on it any more.
Conditions Lowering::settled(Conditions conditions) {
  std::erase_if(conditions, [all = conditions](const auto& condition) {
    return all.contains({condition.first, 1 - condition.second});
  });
  return conditions;
}

// The nodes that have no operation of their own, back to the values that are there whichever way is taken.
void Lowering::find_branches(Node& merge, Operation& operation) const {
  std::unordered_set<const Node*> inside{&merge};
  std::vector<const Node*> open{&merge};
  std::set<Endpoint> given;
  const auto need = [&](const Endpoint& endpoint) {
    if (!conditions_.contains(endpoint))
      given.insert(endpoint);
    else if (inside.insert(endpoint.node).second)
      open.push_back(endpoint.node);
  };
  while (!open.empty()) {
    const Node* node = open.back();
    open.pop_back();
    const auto loop = schedule_.loops.find(node);
    if (loop == schedule_.loops.end()) {
      std::ranges::for_each(node->inputs, need);
      std::ranges::for_each(graph::pivots(*node), need);
      continue;
    }
    for (const auto& variable : loop->second->variables) need(variable.enter->input(0));
    for (const Node* constant : loop->second->constants) need(constant->input(0));
  }
  auto branches = std::make_shared<graph::Schedule>();
  for (Node* node : schedule_.nodes) {
    if (inside.contains(node)) branches->nodes.push_back(node);
  }
  branches->loops = schedule_.loops;
  operation.branches = std::move(branches);
  for (const Endpoint& endpoint : given) {
    if (dead_.contains(endpoint)) continue;
    operation.branch_inputs.push_back(endpoint);
    operation.inputs.push_back(id_of(endpoint, merge));
  }
  for (const Endpoint& endpoint : given) {
    if (dead_.contains(endpoint)) operation.branch_inputs.push_back(endpoint);
  }
}

// Of the loop's variables what holds before and after every round: less and less, until it stays.
void Lowering::lower_loop(Node& exit, const graph::Loop& loop, const Conditions& conditions) {
  if (ids_.contains(exit.output())) return;
  std::vector<Value> given;
  std::vector<ValueId> inputs;
  const auto take = [&](Node& enter, bool is_constant) {
    const ValueId id = id_of(enter.input(0), enter);
    Value value = list_.values[static_cast<size_t>(id)];
    value.is_fetched = value.is_used = false;
    if (!is_constant) value.constant = Tensor();
    if (!value.is_constant()) inputs.push_back(id);
    given.push_back(std::move(value));
  };
  for (const auto& variable : loop.variables) take(*variable.enter, false);
  for (Node* constant : loop.constants) take(*constant, true);
  auto lists = std::make_shared<LoopLists>();
  lists->frame = loop.frame;
  lists->n_variables = loop.variables.size();
  constexpr int kPatience = 8;
  for (int round = 0;; ++round) {
    lists->body = lower_rounds(loop, given, loop.body, true);
    if (is_settled(*lists, given, round >= kPatience, exit)) break;
    if (round == 8 * kPatience)
      throw Error(ErrorCode::kUnsupported, place(exit), "the shapes of its loop's variables do not settle");
  }
  lists->condition = lower_rounds(loop, given, loop.condition_schedule, false);
  Operation operation = operation_of(exit, std::move(inputs));
  for (size_t i = 0; i < lists->n_variables; ++i) {
    operation.outputs.push_back(
        add({.dtype = given[i].dtype, .shape = given[i].shape, .constant = {}, .sizes = given[i].sizes}));
  }
  for (const auto& [other, its_loop] : schedule_.loops) {
    if (its_loop.get() != &loop) continue;
    const Endpoint endpoint{const_cast<Node*>(other), 0};
    ids_[endpoint] = operation.outputs[loop.variable_of(*other)];
    if (!conditions.empty()) conditions_[endpoint] = conditions;
  }
  operation.loop = std::move(lists);
  if (conditions.empty()) list_.operations.push_back(std::move(operation));
}

OperationList Lowering::lower_rounds(const graph::Loop& loop, const std::vector<Value>& given,
                                     const graph::Schedule& schedule, bool is_body) {
  Lowering lowering(schedule);
  for (size_t i = 0; i < loop.variables.size(); ++i) {
    lowering.give(given[i], {loop.variables[i].merge->output(), loop.variables[i].gate->output(1)});
  }
  for (size_t i = 0; i < loop.constants.size(); ++i)
    lowering.give(given[loop.variables.size() + i], {loop.constants[i]->output()});
  std::vector<Endpoint> outputs;
  for (const auto& variable : loop.variables) outputs.push_back(variable.next->input(0));
  return is_body ? lowering.lower(outputs) : lowering.lower(std::span(&loop.condition, 1));
}

bool Lowering::is_settled(const LoopLists& lists, std::vector<Value>& given, bool gives_up, const Node& exit) {
  bool is_settled = true;
  for (size_t i = 0; i < lists.n_variables; ++i) {
    const Value& next = lists.body.values[static_cast<size_t>(lists.body.outputs[i])];
    Value& now = given[i];
    if (next.dtype != now.dtype)
      throw Error(ErrorCode::kMismatch, place(exit), "a variable of its loop has another type after a round");
    ops::Known both = ops::either({now.dtype, now.shape, {}, now.sizes}, {next.dtype, next.shape, {}, next.sizes});
    if (both.shape == now.shape && both.sizes == now.sizes) continue;
    is_settled = false;
    now.shape = gives_up ? Shape::unknown_rank() : both.shape;
    now.sizes = std::move(both.sizes);
  }
  return is_settled;
}

}  // namespace hoarfrost::runtime
