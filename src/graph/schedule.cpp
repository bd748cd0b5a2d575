#include "graph/schedule.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace hoarfrost::graph {
namespace {

constexpr int kDeepest = 8;  // loops within loops; people nest two or three

bool is_op(const Node& node, std::string_view op) {
  return node.op() == op || (node.op().starts_with("Ref") && node.op().substr(3) == op);
}

[[noreturn]] void corrupt(const Node& node, std::string message) {
  throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", node.name()), fmt::format("{}: {}", node.op(), message));
}

// The Switches by the LoopCond that they obey.
using Gates = std::unordered_map<const Node*, std::vector<Node*>>;

Gates gates_of(const Graph& graph) {
  Gates gates;
  for (const auto& node : graph.nodes()) {
    if (is_op(*node, "Switch") && node->inputs.size() == 2 && is_op(*node->inputs[1].node, "LoopCond")) {
      gates[node->inputs[1].node].push_back(node.get());
    }
  }
  return gates;
}

class Scheduler {
 public:
  Scheduler(const Graph& graph, const Gates& gates, const std::set<Endpoint>& given, int depth)
      : graph_(graph), gates_(gates), given_(given), depth_(depth) {}
  // Within a loop: its frame, whose Enters are constants.
  Scheduler& within(std::string frame) {
    frame_ = std::move(frame);
    is_within_ = true;
    return *this;
  }

  void visit(const Endpoint& fetch) {
    if (given_.contains(fetch)) return;
    std::vector<Step> stack;
    open(fetch.node, stack);
    while (!stack.empty()) {
      Step& step = stack.back();
      if (step.next == step.needs.size()) {
        is_done_[step.node] = true;
        result_.nodes.push_back(step.node);
        stack.pop_back();
        continue;
      }
      const Endpoint need = step.needs[step.next++];
      if (!given_.contains(need)) open(need.node, stack);
    }
  }

  Schedule take() { return std::move(result_); }
  [[nodiscard]] const std::vector<Node*>& constants() const { return constants_; }

 private:
  struct Step {
    Node* node;
    std::vector<Endpoint> needs;
    size_t next = 0;
  };

  void open(Node* node, std::vector<Step>& stack) {
    const auto found = is_done_.find(node);
    if (found != is_done_.end()) {
      if (!found->second) corrupt(*node, "its inputs lead back to itself (a cycle)");
      return;
    }
    if (is_op(*node, "Enter")) return enter(*node);
    is_done_[node] = false;
    stack.push_back({node, needs_of(*node)});
  }

  // The other end of a constant; a variable's Enter is read by its Merge alone.
  void enter(Node& node) {
    const auto frame = node.get_or<std::string>("frame_name", "");
    if (!is_within_) outside(node);
    if (frame != frame_) corrupt(node, fmt::format("expected an Enter of the frame `{}`, found `{}`", frame_, frame));
    (void)node.input(0);
    is_done_[&node] = true;
    constants_.push_back(&node);
  }

  [[noreturn]] static void outside(const Node& node) {
    throw Error(
        ErrorCode::kInvalidArgument, fmt::format("node `{}`", node.name()),
        fmt::format("{}: it stands within a while loop; only what comes out of it by an Exit can be had", node.op()));
  }

  std::vector<Endpoint> needs_of(Node& node) {
    if (is_op(node, "Exit")) return loop_inputs(node);
    const bool is_of_loop = is_op(node, "NextIteration") || is_op(node, "LoopCond") ||
                            (is_op(node, "Switch") && is_op(*node.input(1).node, "LoopCond")) ||
                            (is_op(node, "Merge") && std::ranges::any_of(node.inputs, [](const Endpoint& e) {
                               return is_op(*e.node, "NextIteration");
                             }));
    if (is_of_loop) outside(node);
    std::vector<Endpoint> needs = node.inputs;
    for (const Endpoint& pivot : pivots(node)) needs.push_back(pivot);
    return needs;
  }

  std::vector<Endpoint> loop_inputs(const Node& exit) {
    const Node& gate = *exit.input(0).node;
    if (!is_op(gate, "Switch") || gate.inputs.size() != 2 || !is_op(*gate.inputs[1].node, "LoopCond")) {
      corrupt(exit,
              fmt::format("expected the Switch of a while loop before it, found `{}` ({})", gate.name(), gate.op()));
    }
    auto& loop = loops_[gate.inputs[1].node];
    if (loop == nullptr) loop = make_loop(*gate.inputs[1].node);
    result_.loops[&exit] = loop;
    std::vector<Endpoint> needs;
    for (const auto& variable : loop->variables) needs.push_back(variable.enter->input(0));
    for (const Node* constant : loop->constants) needs.push_back(constant->input(0));
    return needs;
  }

  std::shared_ptr<const Loop> make_loop(const Node& condition) {
    if (depth_ == kDeepest) {
      throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", condition.name()),
                  fmt::format("loops are nested more than {} deep", kDeepest));
    }
    auto loop = std::make_shared<Loop>();
    std::set<Endpoint> merges;
    std::set<Endpoint> all;
    for (Node* gate : gates_.at(&condition)) {
      loop->variables.push_back(variable_of(*gate));
      const auto& variable = loop->variables.back();
      const auto frame = variable.enter->get_or<std::string>("frame_name", "");
      if (loop->variables.size() == 1) loop->frame = frame;
      if (frame != loop->frame)
        corrupt(*variable.enter, fmt::format("expected an Enter of the frame `{}`, found `{}`", loop->frame, frame));
      merges.insert(variable.merge->output());
      all.insert({variable.merge->output(), gate->output(1)});
    }
    loop->condition = condition.input(0);
    Scheduler before(graph_, gates_, merges, depth_ + 1);
    before.within(loop->frame).visit(loop->condition);
    Scheduler body(graph_, gates_, all, depth_ + 1);
    body.within(loop->frame);
    for (const auto& variable : loop->variables) body.visit(variable.next->input(0));
    loop->constants = before.constants();
    for (Node* constant : body.constants()) {
      if (std::ranges::find(loop->constants, constant) == loop->constants.end()) loop->constants.push_back(constant);
    }
    loop->condition_schedule = before.take();
    loop->body = body.take();
    return loop;
  }

  static Loop::Variable variable_of(Node& gate) {
    Loop::Variable variable;
    variable.gate = &gate;
    variable.merge = gate.input(0).node;
    if (!is_op(*variable.merge, "Merge") || variable.merge->inputs.size() != 2 || gate.input(0).index != 0) {
      corrupt(gate, "expected a Merge of two inputs before it, for it stands in a while loop");
    }
    for (const Endpoint& input : variable.merge->inputs) {
      if (is_op(*input.node, "Enter")) variable.enter = input.node;
      if (is_op(*input.node, "NextIteration")) variable.next = input.node;
    }
    if (variable.enter == nullptr || variable.next == nullptr)
      corrupt(*variable.merge, "expected an Enter and a NextIteration before it, for it stands in a while loop");
    (void)variable.enter->input(0);
    (void)variable.next->input(0);
    return variable;
  }

  const Graph& graph_;
  const Gates& gates_;
  const std::set<Endpoint>& given_;
  int depth_;
  std::string frame_;
  bool is_within_ = false;
  std::unordered_map<const Node*, bool> is_done_;
  std::unordered_map<const Node*, std::shared_ptr<const Loop>> loops_;  // by LoopCond
  std::vector<Node*> constants_;
  Schedule result_;
};

}  // namespace

size_t Loop::variable_of(const Node& exit) const {
  const auto found = std::ranges::find_if(
      variables, [&](const Variable& variable) { return variable.gate == exit.inputs.at(0).node; });
  return static_cast<size_t>(found - variables.begin());
}

bool has_control_flow(const Graph& graph) {
  return std::ranges::any_of(graph.nodes(), [](const auto& node) {
    return is_op(*node, "Merge") || is_op(*node, "Switch") || is_op(*node, "Enter") || is_op(*node, "Exit") ||
           is_op(*node, "NextIteration");
  });
}

std::vector<Endpoint> pivots(const Node& node) {
  std::vector<Endpoint> result;
  const auto is_branch = [](const Node& gate) {
    return is_op(gate, "Switch") && gate.inputs.size() == 2 && !is_op(*gate.inputs[1].node, "LoopCond");
  };
  for (Node* control : node.control_inputs) {
    if (control->op() == "Identity" && !control->inputs.empty() && is_branch(*control->inputs[0].node))
      result.push_back(control->output());
  }
  return result;
}

int most_outputs(const Node& node) {
  constexpr int64_t kFixed = 8;  // of ops whose number of outputs no attribute says: FusedBatchNormV3 has 6
  constexpr int64_t kMost = 1 << 16;
  return static_cast<int>(
      std::min(kMost, std::max({node.get_or<int64_t>("num_split", 0), node.get_or<int64_t>("num", 0),
                                node.get_or<int64_t>("N", 0), kFixed})));
}

Schedule schedule(const Graph& graph, std::span<const Endpoint> fetches, const std::set<Endpoint>& given) {
  const Gates gates = gates_of(graph);
  Scheduler scheduler(graph, gates, given, 0);
  for (const Endpoint& fetch : fetches) scheduler.visit(fetch);
  return scheduler.take();
}

}  // namespace hoarfrost::graph
