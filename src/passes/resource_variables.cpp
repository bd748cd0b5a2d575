#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

namespace hoarfrost::passes {
namespace {

using graph::Node;

bool is_ref_variable(const Node& node) { return node.op() == "VariableV2" || node.op() == "Variable"; }

void convert_use(Node& node, const Node& variable, DType dtype) {
  if (node.op() == "Identity") {
    node.set_op("ReadVariableOp");
  } else if (node.op() == "Assign") {
    node.set_op("AssignVariableOp");
  } else {
    throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", node.name()),
                fmt::format("{} takes the variable `{}`; only reading and setting it can be done to a resource",
                            node.op(), variable.name()));
  }
  node.attributes.clear();
  node.set("dtype", dtype);
}

}  // namespace

void use_resource_variables(graph::Graph& graph) {
  for (const auto& node : graph.nodes()) {
    for (size_t i = 0; i < node->inputs.size(); ++i) {
      const Node& variable = *node->inputs[i].node;
      if (!is_ref_variable(variable)) continue;
      if (i == 0)
        convert_use(*node, variable, variable.get<DType>("dtype"));
      else
        throw Error(ErrorCode::kUnsupported, fmt::format("node `{}`", node->name()),
                    "takes a variable without reading it");
    }
  }
  for (const auto& variable : graph.nodes()) {
    if (!is_ref_variable(*variable)) continue;
    const auto dtype = variable->get<DType>("dtype");
    const auto shape = variable->get<Shape>("shape");
    variable->set_op("VarHandleOp");
    variable->attributes.clear();
    variable->set("dtype", dtype).set("shape", shape).set("shared_name", variable->name()).set("container", "");
  }
}

}  // namespace hoarfrost::passes
