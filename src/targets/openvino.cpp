#include <hoarfrost/targets.h>

#include "targets/dialect.h"
#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

// OpenVINO's TensorFlow frontend reads every op of inference; what it lowers itself need not be there.
void rewrite(graph::Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training", "fold_constants"});
}

void check(const graph::Graph& graph, const graph::Signature& /*signature*/) {
  for (const auto& node : graph.nodes()) {
    const auto& op = node->op();
    const bool is_variable = op.starts_with("Variable") || op == "VarHandleOp" || op == "ReadVariableOp";
    const bool is_training = op.find("Grad") != std::string::npos || op.find("Backprop") != std::string::npos;
    if (is_variable) refuse(*node, "a variable; freeze the graph first");
    if (is_training && op != "Conv2DBackpropInput" && op != "Conv3DBackpropInputV2" &&
        op != "DepthwiseConv2dNativeBackpropInput")
      refuse(*node, "OpenVINO runs inference alone");
  }
  check_for(Release::k2, graph);
}

}  // namespace

extern const Target target_openvino;
const Target target_openvino{"openvino", "OpenVINO's TensorFlow frontend: inference, folded", rewrite, check};

}  // namespace hoarfrost::targets
