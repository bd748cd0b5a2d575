#include "targets/dialect.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>

#include "passes/infer_known.h"

namespace hoarfrost::targets {
namespace {

using graph::Graph;
using graph::Node;

bool has_users(const Graph& graph, const Node& node) {
  return std::ranges::any_of(graph.nodes(), [&](const auto& user) {
    return std::ranges::any_of(user->inputs, [&](const auto& from) { return from.node == &node; });
  });
}

// `node` gives what it gave, times one; what used it uses the value before that.
void end_with_product(Graph& graph, Node& node) {
  graph::Endpoint value = node.op() == "Identity" ? node.input(0) : graph::Endpoint{};
  if (!value) {
    Node& inner = graph.add(node.op(), graph.unique_name(node.name() + "/value"), node.inputs);
    inner.attributes = node.attributes;
    value = inner.output();
  }
  for (const auto& user : graph.nodes()) std::ranges::replace(user->inputs, node.output(), value);
  Node& one = graph.add_const(graph.unique_name(node.name() + "/one"), Tensor::scalar(1.0F));
  node.set_op("Mul");
  node.inputs = {value, one.output()};
  node.attributes = {{"T", DType::kFloat32}};
}

}  // namespace

void keep_names(Graph& graph, const graph::Signature& signature, const std::set<std::string_view>& ops) {
  const auto known_values = passes::infer_known(graph);
  for (const auto& output : signature.outputs) {
    Node& node = *output.node;
    const bool is_input = std::ranges::find(signature.inputs, output) != signature.inputs.end();
    const ops::Known* known = passes::find_known(known_values, output);
    if (is_input || output.index != 0 || known == nullptr || known->dtype != DType::kFloat32) continue;
    if (ops.contains(node.op()) || has_users(graph, node)) end_with_product(graph, node);
  }
}

void refuse(const graph::Node& node, std::string_view message) {
  const std::string layer = node.name().substr(0, node.name().find('/'));
  throw Error(ErrorCode::kUnsupported, fmt::format("node `{}` (layer `{}`)", node.name(), layer),
              fmt::format("{}: {}", node.op(), message));
}

void run_passes(graph::Graph& graph, graph::Signature& signature, std::initializer_list<std::string_view> names) {
  for (const auto name : names) passes::run_pass(passes::find_pass(name), graph, signature, {});
}

void fix_batch(graph::Graph& graph, graph::Signature& signature) {
  bool is_open = false;
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    is_open = is_open || (shape.has_rank() && shape.rank() > 0 && shape[0] == kUnknown);
  }
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    const bool is_other = is_open && shape.has_rank() && shape.rank() > 0 && shape[0] > 1;
    if (is_other)
      refuse(*input.node, fmt::format("its batch is {}, where another input's is open and becomes 1", shape[0]));
  }
  passes::PassOptions options;
  options.batch = 1;
  try {
    if (is_open) passes::run_pass(passes::find_pass("fix_shapes"), graph, signature, options);
  } catch (const Error& error) {  // the graph takes its examples apart
    throw Error(ErrorCode::kUnsupported, "", fmt::format("a batch of one is not possible: {}", error.what()));
  }
  run_passes(graph, signature, {"fold_constants"});
}

void expect_ops(const graph::Graph& graph, const std::set<std::string_view>& ops, std::string_view reader) {
  for (const auto& node : graph.nodes()) {
    if (!ops.contains(node->op())) refuse(*node, fmt::format("{} has no such op", reader));
  }
}

}  // namespace hoarfrost::targets
