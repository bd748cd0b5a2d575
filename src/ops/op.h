// TensorFlow's operations, each known by its meaning: what shapes come out, and what values, as plain loops. Graphs are
// checked, constants folded and missing kernels replaced with it; the runtime's fast kernels are held against it by the
// tests.
#pragma once

#include <hoarfrost/graph.h>

#include <map>
#include <span>
#include <string_view>
#include <vector>

namespace hoarfrost::ops {

// What is known of one endpoint before the graph runs.
struct Known {
  DType dtype = DType::kInvalid;
  Shape shape = {};   // sizes may be unknown
  Tensor value = {};  // empty unless the endpoint is a constant: shapes (of Reshape, Pad, …) are read from it
  // Of an integer scalar or vector that is no constant: its elements, kUnknown where they are not known (the Shape of
  // [?, 32] has {kUnknown, 32}); empty when nothing is known. Of a TensorArray's flow and handle: tensor_array.cpp.
  std::vector<int64_t> sizes = {};
};

struct OpSpec {
  std::string_view name;  // as TensorFlow spells it: "Conv2D"

  // Types and shapes of the outputs (and values, where they are known without running: Shape of a static tensor).
  // Throws Error{kMismatch | kCorrupt} whose place is the node.
  std::vector<Known> (*infer)(const graph::Node& node, std::span<const Known> inputs);

  // The outputs' values by the formula that TensorFlow documents; sums of float products are accumulated in double.
  // Inputs have the types and shapes that infer accepts. nullptr for ops that give no value (NoOp, Placeholder).
  std::vector<Tensor> (*reference)(const graph::Node& node, std::span<const Tensor> inputs);
};

// The op of that name, or nullptr.
const OpSpec* find_op(std::string_view name);
// All of them, in ops.def's order.
std::vector<const OpSpec*> all_ops();

// The op's infer and reference, for one node. Throw Error{kUnsupported} naming node and op when the op is not known or
// gives no value. `infer_node` also gives the values of small outputs whose inputs are all constants.
std::vector<Known> infer_node(const graph::Node& node, std::span<const Known> inputs);
std::vector<Tensor> run_node(const graph::Node& node, std::span<const Tensor> inputs);

// Types and shapes of every endpoint; a Placeholder's shape is the one in `input_shapes` or else its own attribute.
// Throws Error{kUnsupported} for an op that is not known, naming node and op.
using KnownMap = std::map<graph::Endpoint, Known>;
KnownMap infer(const graph::Graph& graph, const std::map<graph::Endpoint, Shape>& input_shapes = {});

// Runs the graph by the references alone: slow and certain. `feeds` gives the placeholders' values (or any endpoint's).
// Loops and branches of TensorFlow 1's control flow run as interpret.h says. Only what the fetches need is run; control
// inputs are not followed, for no op here has a side effect. Throws Error{kInvalidArgument} for a placeholder without a
// feed, Error{kUnsupported} for an op that is not known.
std::vector<Tensor> evaluate(const graph::Graph& graph, const std::map<graph::Endpoint, Tensor>& feeds,
                             std::span<const graph::Endpoint> fetches);

}  // namespace hoarfrost::ops
