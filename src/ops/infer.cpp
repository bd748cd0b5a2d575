#include <algorithm>

#include "ops/known.h"

namespace hoarfrost::ops {
namespace {

constexpr int64_t kMaxFoldedElements = 1024;  // shapes and their arithmetic, never weights

bool is_small(const Known& k) {
  return k.shape.is_static() && k.shape.rank() <= 8 && k.shape.n_elements() <= kMaxFoldedElements;
}

// Gives the outputs' values when all inputs are small constants.
void fold(const OpSpec& spec, const Node& node, Knowns inputs, std::vector<Known>& outputs) {
  // A PlaceholderWithDefault may be fed something else.
  if (spec.reference == nullptr || inputs.empty() || spec.name == "PlaceholderWithDefault") return;
  std::vector<Tensor> values;
  for (const Known& input : inputs) {
    if (input.value.empty() || !is_small(input)) return;
    values.push_back(input.value.aligned());
  }
  for (const Known& output : outputs) {
    if (!output.value.empty() || !is_small(output) || dtype_size(output.dtype) == 0) return;
  }
  const std::vector<Tensor> results = spec.reference(node, values);
  for (size_t i = 0; i < outputs.size() && i < results.size(); ++i) outputs[i].value = results[i];
}

// Sizes that are all known are a value: Shape of [?, 4, 4, 8], sliced [1:3].
void settle(Known& output) {
  if (output.sizes.empty() || !output.value.empty() || !output.shape.is_static()) return;
  const bool is_known = std::ranges::none_of(output.sizes, [](int64_t size) { return size < 0; });
  if (!is_known || output.shape.n_elements() != static_cast<int64_t>(output.sizes.size())) return;
  if (output.dtype != DType::kInt32 && output.dtype != DType::kInt64) return;
  output.value = Tensor::of<int64_t>(output.shape, std::span<const int64_t>(output.sizes)).cast(output.dtype);
}

bool is_control_flow(std::string_view op) {
  return op == "While" || op == "StatelessWhile" || op == "If" || op == "StatelessIf";
}

const OpSpec& spec_of(const Node& node) {
  if (const OpSpec* spec = find_op(node.op())) return *spec;
  const std::string& op = node.op();
  if (op.starts_with("Variable") || op == "VarHandleOp" || op == "ReadVariableOp") {
    fail(ErrorCode::kUnsupported, node, "a variable has no value in a graph; freeze the graph first");
  }
  if (is_control_flow(op)) fail(ErrorCode::kUnsupported, node, "control flow by functions is not supported");
  fail(ErrorCode::kUnsupported, node, "this op is not known");
}

// Names the node in errors that do not yet.
template <typename F>
auto at_node(const Node& node, F&& f) {
  try {
    return f();
  } catch (Error& error) {
    const std::string place = fmt::format("node `{}`", node.name());
    if (!std::string_view(error.what()).starts_with(place)) error.within(place);
    throw;
  }
}

}  // namespace

std::vector<Known> infer_node(const Node& node, Knowns inputs) {
  const OpSpec& spec = spec_of(node);
  return at_node(node, [&] {
    std::vector<Known> outputs = spec.infer(node, inputs);
    fold(spec, node, inputs, outputs);
    std::ranges::for_each(outputs, settle);
    return outputs;
  });
}

std::vector<Tensor> run_node(const Node& node, Tensors inputs) {
  const OpSpec& spec = spec_of(node);
  if (spec.reference == nullptr) fail(ErrorCode::kUnsupported, node, "it gives no value by itself");
  if (node.get_or<int64_t>("group_size", 1) > 1)
    unsupported(node, "it gives a value only together with other processes");
  return at_node(node, [&] { return spec.reference(node, inputs); });
}

namespace {

// Of a Merge, what is known after the rounds that were looked at.
using Invariants = std::map<const Node*, Known>;

bool is_back_edge(const Node& node, const graph::Endpoint& input) {
  return node.op().ends_with("Merge") && input.node->op().ends_with("NextIteration");
}

KnownMap infer_once(std::span<Node* const> order, const std::map<graph::Endpoint, Shape>& input_shapes,
                    const Invariants& invariants) {
  KnownMap result;
  for (const Node* node : order) {
    (void)spec_of(*node);
    std::vector<Known> inputs;
    for (const graph::Endpoint& input : node->inputs) {
      const auto found = result.find(input);
      if (is_back_edge(*node, input)) {
        const auto before = invariants.find(node);
        inputs.push_back(before == invariants.end() ? Known{} : before->second);
        continue;
      }
      if (found == result.end()) corrupt(*node, "`{}` has no output {}", input.node->name(), input.index);
      inputs.push_back(found->second);
    }
    std::vector<Known> outputs = infer_node(*node, inputs);
    for (size_t i = 0; i < outputs.size(); ++i) {
      const graph::Endpoint endpoint{const_cast<Node*>(node), static_cast<int>(i)};
      if (const auto given = input_shapes.find(endpoint); given != input_shapes.end()) {
        outputs[i] = of_type(outputs[i].dtype, given->second);
      }
      result.emplace(endpoint, std::move(outputs[i]));
    }
  }
  return result;
}

// Whether each loop variable is after a round what it was said to be before; what is not is made so.
bool settle(const KnownMap& known, std::span<Node* const> order, bool gives_up, Invariants& invariants) {
  bool is_settled = true;
  for (Node* node : order) {
    for (const graph::Endpoint& input : node->inputs) {
      if (!is_back_edge(*node, input)) continue;
      const Known& now = known.at({node, 0});
      const auto next = known.find(input);
      if (next == known.end() || next->second.dtype != now.dtype)
        corrupt(*node, "its variable has another type after a round");
      Known both = either(now, next->second);
      if (both.shape == now.shape && both.sizes == now.sizes) continue;
      is_settled = false;
      if (gives_up) both.shape = Shape::unknown_rank();
      invariants[node] = both;
    }
  }
  return is_settled;
}

}  // namespace

// In a loop's first round its variables are what they were before; from round to round less is known of them, until it
// stays.
KnownMap infer(const graph::Graph& graph, const std::map<graph::Endpoint, Shape>& input_shapes) {
  constexpr int kPatience = 8;
  const std::vector<Node*> order = graph::topological_order(graph);
  Invariants invariants;
  for (int round = 0;; ++round) {
    KnownMap known = infer_once(order, input_shapes, invariants);
    if (settle(known, order, round >= kPatience, invariants)) return known;
    if (round == 8 * kPatience)
      throw Error(ErrorCode::kUnsupported, "",
                  "the shapes of the loops' variables are not the same for long enough to be known");
  }
}

}  // namespace hoarfrost::ops
