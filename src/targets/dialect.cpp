#include "targets/dialect.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

namespace hoarfrost::targets {

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
  if (is_open) passes::run_pass(passes::find_pass("fix_shapes"), graph, signature, options);
  run_passes(graph, signature, {"fold_constants"});
}

void expect_ops(const graph::Graph& graph, const std::set<std::string_view>& ops, std::string_view reader) {
  for (const auto& node : graph.nodes()) {
    if (!ops.contains(node->op())) refuse(*node, fmt::format("{} has no such op", reader));
  }
}

}  // namespace hoarfrost::targets
