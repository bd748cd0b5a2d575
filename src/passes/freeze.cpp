#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <deque>
#include <set>
#include <unordered_map>

#include "passes/missing_variable.h"

namespace hoarfrost::passes {
namespace {

using graph::Graph;
using graph::Node;

struct Use {
  Node* node;
  size_t input;
};
using UsesByNode = std::unordered_map<const Node*, std::vector<Use>>;

bool is_variable(const Node& node) {
  return node.op() == "VariableV2" || node.op() == "Variable" || node.op() == "VarHandleOp";
}

bool is_in(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::find(names, name) != names.end();
}

std::string place(const Node& node) { return fmt::format("node `{}`", node.name()); }

UsesByNode uses_of(const Graph& graph) {
  UsesByNode uses;
  for (const auto& node : graph.nodes()) {
    for (size_t i = 0; i < node->inputs.size(); ++i) uses[node->inputs[i].node].push_back({node.get(), i});
  }
  return uses;
}

const Tensor& value_of(const Node& variable, const graph::Variables& variables) {
  const auto found = variables.find(variable.name());
  if (found == variables.end()) {
    throw Error(ErrorCode::kInvalidArgument, place(variable),
                fmt::format("no value for this variable: {}", nearest_in_checkpoint(variable.name(), variables)));
  }
  const Tensor& value = found->second;
  const auto dtype = variable.get<DType>("dtype");
  if (value.dtype() != dtype) {
    throw Error(ErrorCode::kMismatch, place(variable),
                fmt::format("the variable is {}, its value {}", dtype_name(dtype), dtype_name(value.dtype())));
  }
  const auto shape = variable.get_or<Shape>("shape", Shape::unknown_rank());
  bool fits = !shape.has_rank() || shape.rank() == value.shape().rank();
  for (int axis = 0; fits && axis < shape.rank(); ++axis)
    fits = shape[axis] == kUnknown || shape[axis] == value.shape()[axis];
  if (!fits) {
    throw Error(ErrorCode::kMismatch, place(variable),
                fmt::format("the variable has shape {}, its value {}", shape.to_string(), value.shape().to_string()));
  }
  return value;
}

// Follows one variable's edges. What passes it on changes its type; what reads it becomes what reads a constant.
class Conversion {
 public:
  Conversion(Graph& graph, const UsesByNode& uses, std::vector<graph::FrozenArgument>* arguments)
      : graph_(graph), uses_(uses), arguments_(arguments) {}

  void convert(Node& variable, const Tensor& value) {
    dtype_ = value.dtype();
    shape_ = value.shape();
    is_resource_ = variable.op() == "VarHandleOp";
    variable.set_op("Const");
    variable.attributes.clear();
    variable.set("dtype", dtype_).set("value", value);
    variable.device.clear();
    variable.inputs.clear();
    variable.control_inputs.clear();
    std::deque<Use> open;
    follow(variable, open);
    while (!open.empty()) {
      const Use use = open.front();
      open.pop_front();
      if (seen_.insert({use.node, use.input}).second) convert_use(use, open);
    }
  }

 private:
  void follow(const Node& node, std::deque<Use>& open) const {
    const auto found = uses_.find(&node);
    if (found != uses_.end()) open.insert(open.end(), found->second.begin(), found->second.end());
  }

  void convert_use(const Use& use, std::deque<Use>& open) {
    Node& node = *use.node;
    static const std::set<std::string, std::less<>> kPassing = {"Enter", "Exit", "Identity", "NextIteration", "Switch"};
    if (kPassing.contains(node.op())) {
      if (use.input != 0) return;
      node.set("T", dtype_);
      node.attributes.erase("_output_shapes");
      follow(node, open);
    } else if (node.op() == "Merge" && is_resource_) {
      node.set("T", dtype_);
      node.attributes.erase("_output_shapes");
      follow(node, open);
    } else if (node.op() == "ReadVariableOp") {
      become(node, "Identity", {{"T", node.get<DType>("dtype")}});
    } else if (node.op() == "ResourceGather") {
      convert_gather(node);
    } else if (node.op() == "ResourceGatherNd") {
      become(node, "GatherNd", {{"Tparams", node.get<DType>("dtype")}, {"Tindices", node.get<DType>("Tindices")}});
    } else if (arguments_ != nullptr && is_resource_ && calls_function(node)) {
      arguments_->push_back({&node, static_cast<int>(use.input), dtype_, shape_});
    } else {
      check_reader(node);
    }
  }

  static bool calls_function(const Node& node) {
    static const std::set<std::string, std::less<>> kCalling = {
        "If",   "StatelessIf",   "While",           "StatelessWhile",
        "Case", "StatelessCase", "PartitionedCall", "StatefulPartitionedCall"};
    return kCalling.contains(node.op());
  }

  // TensorFlow clears the rest, the device too; colocation stays.
  static void become(Node& node, std::string op, std::map<std::string, graph::Attribute> attributes) {
    const auto colocation = node.attributes.find("_class");
    if (colocation != node.attributes.end()) attributes.insert(*colocation);
    node.set_op(std::move(op));
    node.attributes = std::move(attributes);
    node.device.clear();
    node.control_inputs.clear();
  }

  void convert_gather(Node& node) {
    if (node.get_or<int64_t>("batch_dims", 0) != 0) {
      throw Error(ErrorCode::kUnsupported, place(node), "a ResourceGather with batch_dims; expected 0");
    }
    const auto index_type = node.get<DType>("Tindices");
    const Tensor axis = index_type == DType::kInt64 ? Tensor::scalar<int64_t>(0) : Tensor::scalar<int32_t>(0);
    const auto params = node.get<DType>("dtype");
    Node& axis_node = graph_.add_const(graph_.unique_name(node.name() + "/axis"), axis);
    become(node, "GatherV2", {{"Tparams", params}, {"Tindices", index_type}, {"Taxis", index_type}});
    node.inputs.push_back(axis_node.output());
  }

  // A constant cannot be written to. TensorFlow leaves such nodes as they are, and the graph does not load.
  void check_reader(const Node& node) const {
    static constexpr std::string_view kWriters[] = {"Assign",          "Apply",          "Scatter",
                                                    "SparseApply",     "ResourceApply",  "CountUpTo",
                                                    "ResourceScatter", "ResourceSparse", "IsVariableInitialized"};
    const bool writes = std::ranges::any_of(kWriters, [&](std::string_view op) { return node.op().starts_with(op); });
    if (writes || is_resource_) {
      throw Error(
          ErrorCode::kUnsupported, place(node),
          fmt::format("{} takes a variable, which a frozen graph has not; name outputs that do not need it, or put the "
                      "variable on the denylist",
                      node.op()));
    }
  }

  Graph& graph_;
  const UsesByNode& uses_;
  std::vector<graph::FrozenArgument>* arguments_;  // where those of functions go; nullptr: they are refused
  DType dtype_ = DType::kInvalid;
  Shape shape_;
  bool is_resource_ = false;
  std::set<std::pair<const Node*, size_t>> seen_;
};

}  // namespace

int freeze(Graph& graph, const graph::Variables& variables, const FreezeOptions& options) {
  extract_sub_graph(graph, options.outputs);
  std::vector<std::pair<Node*, const Tensor*>> frozen;
  for (const auto& node : graph.nodes()) {
    if (!is_variable(*node) || is_in(options.denylist, node->name())) continue;
    if (!options.allowlist.empty() && !is_in(options.allowlist, node->name())) continue;
    frozen.emplace_back(node.get(), &value_of(*node, variables));
  }
  const UsesByNode uses = uses_of(graph);
  std::vector<graph::FrozenArgument> arguments;
  for (const auto& [node, value] : frozen)
    Conversion(graph, uses, options.freeze_functions ? &arguments : nullptr).convert(*node, *value);
  if (!arguments.empty()) options.freeze_functions(graph, arguments);
  return static_cast<int>(frozen.size());
}

}  // namespace hoarfrost::passes
