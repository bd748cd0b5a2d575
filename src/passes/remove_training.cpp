#include <hoarfrost/passes.h>

#include <algorithm>
#include <array>
#include <optional>

#include "graph/schedule.h"
#include "passes/decide_branches.h"
#include "passes/edit.h"

namespace hoarfrost::passes {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

bool is_op(const Endpoint& endpoint, std::string_view op) { return endpoint.node->op() == op; }

// A random number in [0, 1) as tf.nn.dropout draws it: RandomUniform, scaled and shifted by constants.
bool is_uniform(const Endpoint& endpoint, int depth = 0) {
  const Node& node = *endpoint.node;
  if (node.op() == "RandomUniform") return true;
  if (depth > 4 || node.inputs.empty()) return false;
  if (node.op() == "Identity") return is_uniform(node.inputs[0], depth + 1);
  if ((node.op() != "Mul" && node.op() != "Add" && node.op() != "AddV2") || node.inputs.size() != 2) return false;
  const auto is_moved = [&](size_t i) {
    return const_value(node.inputs[1 - i]) != nullptr && is_uniform(node.inputs[i], depth + 1);
  };
  return is_moved(0) || is_moved(1);
}

// What tf.nn.dropout multiplies by: floor(keep_prob + uniform) until TensorFlow 1.13, then cast(uniform >= rate).
bool is_dropout_mask(const Endpoint& endpoint) {
  const Node& node = *endpoint.node;
  if (node.op() == "Floor" && node.inputs.size() == 1) {
    const Node& sum = *node.inputs[0].node;
    if ((sum.op() != "Add" && sum.op() != "AddV2") || sum.inputs.size() != 2) return false;
    return is_uniform(sum.inputs[0]) || is_uniform(sum.inputs[1]);
  }
  if (node.op() == "Cast" && node.inputs.size() == 1 && is_op(node.inputs[0], "GreaterEqual"))
    return is_uniform(node.inputs[0].node->input(0));
  return false;
}

// x of x / keep_prob or x * (1 / keep_prob), whatever keep_prob is: one number.
std::optional<Endpoint> undropped(const Endpoint& scaled) {
  const Node& node = *scaled.node;
  if ((node.op() != "RealDiv" && node.op() != "Mul" && node.op() != "Div") || node.inputs.size() != 2)
    return std::nullopt;
  const auto is_number = [](const Endpoint& endpoint) {
    const Tensor* value = const_value(endpoint);
    const bool is_scalar_input = endpoint.node->op().starts_with("Placeholder");
    return is_scalar_input || (value != nullptr && value->n_elements() == 1);
  };
  if (is_number(node.inputs[1])) return node.inputs[0];
  if (node.op() == "Mul" && is_number(node.inputs[0])) return node.inputs[1];
  return std::nullopt;
}

int remove_dropout(Graph& graph) {
  int n_removed = 0;
  for (const auto& node : graph.nodes()) {
    if (node->op() != "Mul" || node->inputs.size() != 2) continue;
    for (const int i : {0, 1}) {
      const auto x = is_dropout_mask(node->inputs[static_cast<size_t>(1 - i)])
                         ? undropped(node->inputs[static_cast<size_t>(i)])
                         : std::nullopt;
      if (!x) continue;
      node->set_op("Identity");
      node->inputs = {*x};
      ++n_removed;
      break;
    }
  }
  return n_removed;
}

// What passes its first input on when nobody trains or debugs.
int make_identities(Graph& graph) {
  static constexpr std::array<std::string_view, 5> kPassing{"StopGradient", "PreventGradient", "CheckNumerics",
                                                            "Snapshot", "EnsureShape"};
  int n_made = 0;
  for (const auto& node : graph.nodes()) {
    if (std::ranges::find(kPassing, node->op()) == kPassing.end() || node->inputs.empty()) continue;
    const DType dtype = node->get_or<DType>("T", DType::kFloat32);
    node->set_op("Identity");
    node->attributes.clear();
    node->set("T", dtype);
    node->inputs.resize(1);
    ++n_made;
  }
  return n_made;
}

// Once no branch and no loop is left, control edges only order assertions and prints.
int drop_control_edges(Graph& graph) {
  if (graph::has_control_flow(graph)) return 0;
  int n_dropped = 0;
  for (const auto& node : graph.nodes()) {
    n_dropped += static_cast<int>(node->control_inputs.size());
    node->control_inputs.clear();
  }
  return n_dropped;
}

int remove_training(Graph& graph, graph::Signature& signature, const PassOptions& /*options*/) {
  int n_changes = decide_learning_phase(graph, signature);
  n_changes += decide_branches(graph);
  n_changes += make_identities(graph) + remove_dropout(graph);
  strip_unused(graph, signature);
  n_changes += drop_control_edges(graph);
  strip_unused(graph, signature);
  std::vector<std::string> kept;
  for (const auto& output : signature.outputs) kept.push_back(output.node->name());
  return n_changes + remove_training_nodes(graph, kept);
}

}  // namespace

extern const Pass pass_remove_training;
const Pass pass_remove_training{
    "remove_training",
    "Identity, CheckNumerics, StopGradient, dropout and assertions go; a learning phase is decided for inference", true,
    remove_training};

}  // namespace hoarfrost::passes
