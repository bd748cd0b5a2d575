#include "runtime/lower.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <ranges>
#include <set>
#include <unordered_set>

#include "ops/known.h"

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
  return op == "TensorArrayV3" || op.starts_with("Random") || op.starts_with("Stateless") || op == "TruncatedNormal" || op == "Multinomial" ||
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

// Within loops too.
void check_runnable(const graph::Schedule& schedule) {
  for (const Node* node : schedule.nodes) check_runnable(*node);
  for (const auto& loop : schedule.loops) {
    check_runnable(loop.second->condition_schedule);
    check_runnable(loop.second->body);
  }
}

// What the values of a branch depend on: conditions, and which way each went.
using Conditions = std::set<std::pair<Endpoint, int>>;

class Lowering {
 public:
  explicit Lowering(const graph::Schedule& schedule) : schedule_(schedule) {}

  // A value that comes from outside, at one or more endpoints; a constant is none of the list's inputs.
  void give(Value value, std::initializer_list<Endpoint> endpoints) {
    const bool is_constant = value.is_constant();
    const ValueId id = add(std::move(value));
    for (const Endpoint& endpoint : endpoints) ids_[endpoint] = id;
    if (!is_constant) list_.inputs.push_back(id);
  }

  OperationList lower(std::span<const Endpoint> outputs) {
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

 private:
  void lower(Node& node) {
    if (node.op() == "Switch" || node.op() == "Merge") return lower_branch(node);
    if (is_dead(node)) return kill(node);
    const Conditions conditions = conditions_of(node);
    if (const auto loop = schedule_.loops.find(&node); loop != schedule_.loops.end()) return lower_loop(node, *loop->second, conditions);
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

  static Operation operation_of(const Node& node, std::vector<ValueId> inputs) {
    Operation operation;
    operation.node = &node;
    operation.names = {node.name()};
    operation.inputs = std::move(inputs);
    return operation;
  }

  [[nodiscard]] ops::Known known_of(ValueId id) const {
    const Value& value = list_.values[static_cast<size_t>(id)];
    return {value.dtype, value.shape, value.constant, value.sizes};
  }

  [[nodiscard]] std::vector<ValueId> inputs_of(const Node& node) const {
    std::vector<ValueId> inputs;
    for (const Endpoint& input : node.inputs) inputs.push_back(id_of(input, node));
    return inputs;
  }

  ValueId add_output(Node& node, int i, const ops::Known& known, const Conditions& conditions) {
    const ValueId id = add({.dtype = known.dtype, .shape = known.shape, .constant = known.value, .sizes = known.sizes});
    ids_.try_emplace(node.output(i), id);
    if (!conditions.empty()) conditions_[node.output(i)] = conditions;
    return id;
  }

  [[noreturn]] static void in_branch(const Node& node) {
    throw Error(ErrorCode::kInvalidArgument, place(node), "it stands in a branch that may not be taken; only what comes out of it by a Merge can be had");
  }

  // ---- Branches: what stands in one has values, for its shapes, but no operations; those of a Merge have it run as a whole.

  [[nodiscard]] bool is_dead(const Node& node) const {
    const auto is_in = [&](const Endpoint& endpoint) { return dead_.contains(endpoint); };
    if (const auto loop = schedule_.loops.find(&node); loop != schedule_.loops.end()) {
      return std::ranges::any_of(loop->second->variables, [&](const auto& variable) { return is_in(variable.enter->input(0)); });
    }
    return !dead_.empty() && (std::ranges::any_of(node.inputs, is_in) || std::ranges::any_of(graph::pivots(node), is_in));
  }

  void kill(Node& node) {
    for (int i = 0; i < 64; ++i) dead_.insert(node.output(i));
  }

  [[nodiscard]] Conditions conditions_of(const Node& node) const {
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

  void lower_branch(Node& node) {
    if (node.op() == "Merge") return lower_merge(node);
    if (is_dead(node)) return kill(node);
    Endpoint condition = node.input(1);
    while (condition.node->op() == "Identity") condition = condition.node->input(0);
    const ValueId data = id_of(node.input(0), node);
    const Value& decides = list_.values[static_cast<size_t>(id_of(node.input(1), node))];
    if (decides.dtype != DType::kBool) throw Error(ErrorCode::kMismatch, place(node), "Switch: expected a bool as its condition");
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

  void lower_merge(Node& node) {
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
    for (int i = 0; i < 2; ++i) operation.outputs.push_back(add_output(node, i, outputs[static_cast<size_t>(i)], conditions));
    if (!conditions.empty()) return;
    find_branches(node, operation);
    list_.operations.push_back(std::move(operation));
  }

  // Where both ways of a condition meet, nothing depends on it any more.
  static Conditions settled(Conditions conditions) {
    std::erase_if(conditions, [all = conditions](const auto& condition) { return all.contains({condition.first, 1 - condition.second}); });
    return conditions;
  }

  // The nodes that have no operation of their own, back to the values that are there whichever way is taken.
  void find_branches(Node& merge, Operation& operation) const {
    std::unordered_set<const Node*> inside{&merge};
    std::vector<const Node*> open{&merge};
    std::set<Endpoint> given;
    const auto need = [&](const Endpoint& endpoint) {
      if (!conditions_.contains(endpoint)) given.insert(endpoint);
      else if (inside.insert(endpoint.node).second) open.push_back(endpoint.node);
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

  // ---- Loops

  // Of the loop's variables what holds before and after every round: less and less, until it stays.
  void lower_loop(Node& exit, const graph::Loop& loop, const Conditions& conditions) {
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
      if (round == 8 * kPatience) throw Error(ErrorCode::kUnsupported, place(exit), "the shapes of its loop's variables do not settle");
    }
    lists->condition = lower_rounds(loop, given, loop.condition_schedule, false);
    Operation operation = operation_of(exit, std::move(inputs));
    for (size_t i = 0; i < lists->n_variables; ++i) {
      operation.outputs.push_back(add({.dtype = given[i].dtype, .shape = given[i].shape, .constant = {}, .sizes = given[i].sizes}));
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

  static OperationList lower_rounds(const graph::Loop& loop, const std::vector<Value>& given, const graph::Schedule& schedule, bool is_body) {
    Lowering lowering(schedule);
    for (size_t i = 0; i < loop.variables.size(); ++i) {
      lowering.give(given[i], {loop.variables[i].merge->output(), loop.variables[i].gate->output(1)});
    }
    for (size_t i = 0; i < loop.constants.size(); ++i) lowering.give(given[loop.variables.size() + i], {loop.constants[i]->output()});
    std::vector<Endpoint> outputs;
    for (const auto& variable : loop.variables) outputs.push_back(variable.next->input(0));
    return is_body ? lowering.lower(outputs) : lowering.lower(std::span(&loop.condition, 1));
  }

  static bool is_settled(const LoopLists& lists, std::vector<Value>& given, bool gives_up, const Node& exit) {
    bool is_settled = true;
    for (size_t i = 0; i < lists.n_variables; ++i) {
      const Value& next = lists.body.values[static_cast<size_t>(lists.body.outputs[i])];
      Value& now = given[i];
      if (next.dtype != now.dtype) throw Error(ErrorCode::kMismatch, place(exit), "a variable of its loop has another type after a round");
      ops::Known both = ops::either({now.dtype, now.shape, {}, now.sizes}, {next.dtype, next.shape, {}, next.sizes});
      if (both.shape == now.shape && both.sizes == now.sizes) continue;
      is_settled = false;
      now.shape = gives_up ? Shape::unknown_rank() : both.shape;
      now.sizes = std::move(both.sizes);
    }
    return is_settled;
  }

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

  const graph::Schedule& schedule_;
  OperationList list_;
  std::map<Endpoint, ValueId> ids_;
  std::map<Endpoint, Conditions> conditions_;  // of what stands in branches
  std::set<Endpoint> dead_;                    // in a branch that is never taken
};

}  // namespace

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

OperationList lower(const graph::Schedule& schedule, const graph::Signature& signature, std::span<const Shape> input_shapes) {
  Lowering lowering(schedule);
  for (size_t i = 0; i < signature.inputs.size(); ++i) {
    lowering.give({.dtype = input_dtype(signature.inputs[i]), .shape = input_shapes[i], .constant = {}}, {signature.inputs[i]});
  }
  return lowering.lower(signature.outputs);
}

}  // namespace hoarfrost::runtime
