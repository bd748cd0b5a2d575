// evaluate() for graphs with control flow: loops round by round, branches by values that are dead where TensorFlow's
// are.
#include "ops/interpret.h"

#include <algorithm>
#include <unordered_map>

#include "graph/schedule.h"
#include "ops/known.h"

namespace hoarfrost::ops {
namespace {

using graph::Endpoint;
using graph::Loop;
using graph::Schedule;

// A dead value is a tensor without a type.
using Values = std::map<Endpoint, Tensor>;

class Interpreter {
 public:
  void run(const Schedule& schedule, Values& values) const {
    for (Node* node : schedule.nodes) {
      const auto loop = schedule.loops.find(node);
      if (loop == schedule.loops.end()) {
        run(*node, values);
      } else if (!values.contains(node->output())) {
        run(schedule, *loop->second, values);
      }
    }
  }

 private:
  static const Tensor& value(const Values& values, const Endpoint& endpoint) {
    const auto found = values.find(endpoint);
    if (found == values.end()) corrupt(*endpoint.node, "it has no output {}", endpoint.index);
    return found->second;
  }

  static bool is_true(const Node& node, const Tensor& condition) {
    if (condition.dtype() != DType::kBool || condition.n_elements() != 1)
      mismatch(node, "expected one bool as its condition");
    return condition.values<bool>()[0];
  }

  static void run(Node& node, Values& values) {
    if (node.op() == "Merge" || node.op() == "RefMerge") return merge(node, values);
    std::vector<Tensor> inputs;
    bool is_dead =
        std::ranges::any_of(graph::pivots(node), [&](const Endpoint& pivot) { return value(values, pivot).empty(); });
    for (const Endpoint& input : node.inputs) {
      inputs.push_back(value(values, input));
      is_dead |= inputs.back().empty();
    }
    if (node.op() == "Switch" || node.op() == "RefSwitch") return branch(node, inputs, is_dead, values);
    if (is_dead) {
      for (int i = 0; i < graph::most_outputs(node); ++i) values.try_emplace(node.output(i));
      return;
    }
    if (node.op() == "Placeholder")
      fail(ErrorCode::kInvalidArgument, node, "it is an input, and no value was given for it");
    const std::vector<Tensor> outputs = run_node(node, inputs);
    for (size_t i = 0; i < outputs.size(); ++i) values.try_emplace(node.output(static_cast<int>(i)), outputs[i]);
  }

  static void branch(Node& node, const std::vector<Tensor>& inputs, bool is_dead, Values& values) {
    need_inputs(node, inputs.size(), 2);
    const int alive = is_dead ? -1 : is_true(node, inputs[1]) ? 1 : 0;
    for (int i = 0; i < 2; ++i) values.try_emplace(node.output(i), i == alive ? inputs[0] : Tensor());
  }

  static void merge(Node& node, Values& values) {
    Tensor taken;
    int32_t which = 0;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      const Tensor& input = value(values, node.inputs[i]);
      if (input.empty()) continue;
      if (!taken.empty()) corrupt(node, "two of its inputs have values");
      taken = input;
      which = static_cast<int32_t>(i);
    }
    values.try_emplace(node.output(0), taken);
    values.try_emplace(node.output(1), taken.empty() ? Tensor() : Tensor::scalar(which));
  }

  void run(const Schedule& schedule, const Loop& loop, Values& values) const {
    std::vector<Tensor> variables;
    for (const auto& variable : loop.variables) variables.push_back(value(values, variable.enter->input(0)));
    Values constants;
    for (Node* constant : loop.constants) constants[constant->output()] = value(values, constant->input(0));
    const bool is_dead = std::ranges::any_of(variables, [](const Tensor& variable) { return variable.empty(); });
    for (int64_t round = 0; !is_dead; ++round) {
      if (round == kMostRounds) too_long(loop);
      Values now = constants;
      for (size_t i = 0; i < variables.size(); ++i) now[loop.variables[i].merge->output()] = variables[i];
      Values before = now;
      run(loop.condition_schedule, before);
      if (!is_true(*loop.condition.node, value(before, loop.condition))) break;
      for (size_t i = 0; i < variables.size(); ++i) now[loop.variables[i].gate->output(1)] = variables[i];
      run(loop.body, now);
      for (size_t i = 0; i < variables.size(); ++i) variables[i] = value(now, loop.variables[i].next->input(0));
    }
    for (const auto& [exit, its_loop] : schedule.loops) {
      if (its_loop.get() == &loop) values[{const_cast<Node*>(exit), 0}] = variables.at(loop.variable_of(*exit));
    }
  }
};

}  // namespace

void too_long(const Loop& loop) {
  throw Error(ErrorCode::kUnsupported, fmt::format("loop `{}`", loop.frame),
              fmt::format("it has not ended after {} rounds", kMostRounds));
}

std::vector<Tensor> interpret(const graph::Graph& graph, const std::map<Endpoint, Tensor>& feeds,
                              std::span<const Endpoint> fetches) {
  std::set<Endpoint> given;
  for (const auto& feed : feeds) given.insert(feed.first);
  return interpret(graph::schedule(graph, fetches, given), feeds, fetches);
}

std::vector<Tensor> interpret(const Schedule& schedule, const std::map<Endpoint, Tensor>& feeds,
                              std::span<const Endpoint> fetches) {
  Values values = feeds;
  Interpreter().run(schedule, values);
  std::vector<Tensor> results;
  for (const Endpoint& fetch : fetches) {
    const auto found = values.find(fetch);
    if (found == values.end()) corrupt(*fetch.node, "it has no output {}", fetch.index);
    if (found->second.empty())
      fail(ErrorCode::kInvalidArgument, *fetch.node, "it stands in a branch that was not taken");
    results.push_back(found->second);
  }
  return results;
}

}  // namespace hoarfrost::ops
