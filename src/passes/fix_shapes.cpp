#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>

#include "ops/op.h"

namespace hoarfrost::passes {
namespace {

using graph::Node;

[[noreturn]] void refuse(std::string_view where, const std::string& message) {
  throw Error(ErrorCode::kInvalidArgument, where, message);
}

Node& input_named(const graph::Signature& signature, const std::string& name) {
  if (name.empty() && signature.inputs.size() == 1) return *signature.inputs[0].node;
  std::vector<std::string> names;
  for (const auto& input : signature.inputs) {
    if (input.node->name() == name) return *input.node;
    names.push_back(input.node->name());
  }
  if (name.empty())
    refuse("--input-shape", fmt::format("the graph has {} inputs; say which one: NAME=sizes, NAME one of {}",
                                        names.size(), fmt::join(names, ", ")));
  refuse("--input-shape",
         fmt::format("`{}` is no input of the graph; its inputs are {}", name, fmt::join(names, ", ")));
}

// What is fixed already may not be said otherwise: the graph's constants may depend on it.
int fix(Node& input, const Shape& wanted) {
  const Shape shape = input.get_or<Shape>("shape", Shape::unknown_rank());
  bool fits = !shape.has_rank() || shape.rank() == wanted.rank();
  Shape result = wanted;
  for (int axis = 0; fits && shape.has_rank() && axis < shape.rank(); ++axis) {
    if (result[axis] == kUnknown) result[axis] = shape[axis];
    fits = shape[axis] == kUnknown || shape[axis] == result[axis];
  }
  if (!fits)
    refuse(fmt::format("input `{}`", input.name()),
           fmt::format("expected a shape that {} allows, found {}", shape.to_string(), wanted.to_string()));
  if (shape == result) return 0;
  input.set("shape", result);
  return 1;
}

int fix_shapes(graph::Graph& graph, graph::Signature& signature, const PassOptions& options) {
  int n_changes = 0;
  for (const auto& [name, shape] : options.input_shapes) n_changes += fix(input_named(signature, name), shape);
  for (const auto& input : signature.inputs) {
    Shape shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (options.batch == kUnknown || !shape.has_rank() || shape.rank() == 0) continue;
    if (shape[0] == kUnknown) shape[0] = options.batch;
    if (shape[0] != options.batch)
      refuse(fmt::format("input `{}`", input.node->name()),
             fmt::format("its batch is {} in the graph, which {} cannot change", shape[0], options.batch));
    n_changes += fix(*input.node, shape);
  }
  if (n_changes == 0) return 0;
  for (const auto& node : graph.nodes()) node->attributes.erase("_output_shapes");
  try {
    (void)ops::infer(graph);
  } catch (Error& error) {
    if (error.code() == ErrorCode::kUnsupported) return n_changes;  // ops that are not known tell nothing of shapes
    error.within("with the inputs' new shapes");
    throw;
  }
  return n_changes;
}

}  // namespace

extern const Pass pass_fix_shapes;
const Pass pass_fix_shapes{
    "fix_shapes", "Inputs get the batch (--batch) and the shapes (--input-shape) that are asked for", true, fix_shapes};

}  // namespace hoarfrost::passes
