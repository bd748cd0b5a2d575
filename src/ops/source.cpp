// Where values come from, and nodes that pass them on: Placeholder, Const, Identity and its kin.
#include <cmath>

#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_placeholder(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 0);
  return {of_type(node.type("dtype"), node.get_or<Shape>("shape", Shape::unknown_rank()))};
}

std::vector<Known> infer_placeholder_with_default(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {of_type(inputs[0].dtype, node.get_or<Shape>("shape", inputs[0].shape))};
}

std::vector<Known> infer_const(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 0);
  const Tensor& value = node.value();
  return {{value.dtype(), value.shape(), value, {}}};
}

std::vector<Tensor> reference_const(const Node& node, Tensors) { return {node.value().aligned()}; }

std::vector<Known> infer_identity(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {inputs[0]};
}

std::vector<Known> infer_identity_n(const Node&, Knowns inputs) { return {inputs.begin(), inputs.end()}; }

std::vector<Tensor> reference_identity(const Node& node, Tensors inputs) {
  need_at_least(node, inputs.size(), 1);
  return {inputs.begin(), inputs.end()};
}

std::vector<Tensor> reference_check_numerics(const Node& node, Tensors inputs) {
  need_inputs(node, inputs.size(), 1);
  const Reader reader(inputs[0]);
  for (int64_t i = 0; i < inputs[0].n_elements(); ++i) {
    if (!std::isfinite(reader[i])) {
      fail(ErrorCode::kInvalidArgument, node,
           fmt::format("{}: found {} at element {}", node.get_or<std::string>("message", ""), reader[i], i));
    }
  }
  return {inputs[0]};
}

std::vector<Known> infer_no_op(const Node&, Knowns) { return {}; }

}  // namespace

std::span<const OpSpec> source_ops() {
  static constexpr OpSpec kOps[] = {
      {"Placeholder", infer_placeholder, nullptr},
      {"PlaceholderWithDefault", infer_placeholder_with_default, reference_identity},
      {"Const", infer_const, reference_const},
      {"Identity", infer_identity, reference_identity},
      {"IdentityN", infer_identity_n, reference_identity},
      {"Snapshot", infer_identity, reference_identity},
      {"StopGradient", infer_identity, reference_identity},
      {"PreventGradient", infer_identity, reference_identity},
      {"CheckNumerics", infer_identity, reference_check_numerics},
      {"NoOp", infer_no_op, nullptr},
      {"Assert", infer_no_op, nullptr},  // others wait for it by control inputs, which are not followed
  };
  return kOps;
}

}  // namespace hoarfrost::ops
