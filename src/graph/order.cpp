#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <unordered_map>
#include <unordered_set>

namespace hoarfrost::graph {
namespace {

enum class State { kOpen, kDone };

bool is_back_edge(const Node& to, const Node& from) {
  return (to.op() == "Merge" || to.op() == "RefMerge") &&
         (from.op() == "NextIteration" || from.op() == "RefNextIteration");
}

// Depth first without recursion: graphs are thousands of nodes deep.
class Sorter {
 public:
  std::vector<Node*> sort(const Graph& graph) {
    for (const auto& node : graph.nodes()) visit(node.get());
    return std::move(order_);
  }

 private:
  struct Frame {
    Node* node;
    size_t next = 0;
  };

  static Node* source(const Node& node, size_t i) {
    return i < node.inputs.size() ? node.inputs[i].node : node.control_inputs[i - node.inputs.size()];
  }

  void visit(Node* start) {
    if (state_.contains(start)) return;
    std::vector<Frame> stack{{start}};
    state_[start] = State::kOpen;
    while (!stack.empty()) {
      Frame& frame = stack.back();
      if (frame.next == frame.node->inputs.size() + frame.node->control_inputs.size()) {
        state_[frame.node] = State::kDone;
        order_.push_back(frame.node);
        stack.pop_back();
        continue;
      }
      Node* input = source(*frame.node, frame.next++);
      if (is_back_edge(*frame.node, *input)) continue;
      const auto [found, is_new] = state_.try_emplace(input, State::kOpen);
      if (is_new) {
        stack.push_back({input});
      } else if (found->second == State::kOpen) {
        throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", input->name()),
                    "its inputs lead back to itself (a cycle)");
      }
    }
  }

  std::unordered_map<const Node*, State> state_;
  std::vector<Node*> order_;
};

}  // namespace

std::vector<Node*> topological_order(const Graph& graph) { return Sorter().sort(graph); }

void validate(const Graph& graph) {
  std::unordered_set<const Node*> known;
  for (const auto& node : graph.nodes()) known.insert(node.get());
  for (const auto& node : graph.nodes()) {
    for (const Endpoint& input : node->inputs) {
      if (!known.contains(input.node) || input.index < 0) {
        throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", node->name()), "an input is no output of this graph");
      }
    }
    for (const Node* control : node->control_inputs) {
      if (!known.contains(control)) {
        throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", node->name()),
                    "a control input is no node of this graph");
      }
    }
  }
  (void)topological_order(graph);
}

std::vector<Node*> terminal_nodes(const Graph& graph) {
  std::unordered_set<const Node*> used;
  for (const auto& node : graph.nodes()) {
    for (const Endpoint& input : node->inputs) used.insert(input.node);
    for (const Node* control : node->control_inputs) used.insert(control);
  }
  std::vector<Node*> result;
  for (const auto& node : graph.nodes()) {
    const auto& op = node->op();
    const bool gives_nothing = op == "Const" || op == "NoOp" || op == "Assign" || op == "SaveV2" ||
                               op == "Placeholder" || op == "VariableV2" || op == "VarHandleOp";
    if (!used.contains(node.get()) && !gives_nothing) result.push_back(node.get());
  }
  return result;
}

}  // namespace hoarfrost::graph
