// CollectiveReduce (TensorFlow 2.15's collective_ops.cc): each element's sum over the processes of a group, at each of
// them.
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_collective(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  if (node.get_or<std::string>("merge_op", "Add") != "Add" || node.get_or<std::string>("final_op", "Id") != "Id")
    unsupported(node, "expected merge_op Add and final_op Id: a sum");
  return {of_type(inputs[0].dtype, inputs[0].shape)};
}

// In a group of one. run_node refuses others.
std::vector<Tensor> sum_over_group(const Node& node, Tensors inputs) {
  (void)infer_collective(node, known(inputs));
  return {inputs[0]};
}

}  // namespace

std::span<const OpSpec> collective_ops() {
  static constexpr OpSpec kOps[] = {{"CollectiveReduce", infer_collective, sum_over_group}};
  return kOps;
}

}  // namespace hoarfrost::ops
