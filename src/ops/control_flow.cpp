// The nodes of TensorFlow 1's control flow, as far as one node tells: interpret.cpp and the runtime run what they mean
// together.
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_pass(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {inputs[0]};
}

std::vector<Known> infer_loop_condition(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  need_type(node, inputs[0], DType::kBool);
  return {of_type(DType::kBool, inputs[0].shape)};
}

// Both outputs are told alike; one of them will be dead.
std::vector<Known> infer_switch(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 2);
  need_type(node, inputs[1], DType::kBool);
  return {of_type(inputs[0].dtype, inputs[0].shape), {inputs[0].dtype, inputs[0].shape, {}, inputs[0].sizes}};
}

// One of the inputs, and which. Those of a loop's back edge are not there yet (kInvalid).
std::vector<Known> infer_merge(const Node& node, Knowns inputs) {
  need_at_least(node, inputs.size(), 1);
  Known result;
  for (const Known& input : inputs) {
    if (input.dtype == DType::kInvalid) continue;
    if (result.dtype == DType::kInvalid) {
      result = {input.dtype, input.shape, {}, input.sizes};
      continue;
    }
    if (input.dtype != result.dtype)
      mismatch(node, "expected inputs of one type, found {} and {}", dtype_name(result.dtype), dtype_name(input.dtype));
    result = either(result, input);
  }
  if (result.dtype == DType::kInvalid) corrupt(node, "none of its inputs can be computed");
  return {result, of_type(DType::kInt32, {})};
}

}  // namespace

// An integer's elements stay where both agree; a TensorArray's flow (tensor_array.cpp) takes from the other what it
// does not know.
Known either(const Known& a, const Known& b) {
  Known result{a.dtype, Shape::unknown_rank(), {}, {}};
  if (a.shape.has_rank() && b.shape.has_rank() && a.shape.rank() == b.shape.rank()) {
    result.shape = a.shape;
    for (int axis = 0; axis < a.shape.rank(); ++axis) {
      if (a.shape[axis] != b.shape[axis]) result.shape[axis] = kUnknown;
    }
  }
  if (a.dtype != DType::kFloat32 && a.dtype != DType::kResource) return result;
  if (a.sizes.empty() || b.sizes.empty()) {
    result.sizes = a.sizes.empty() ? b.sizes : a.sizes;
    return result;
  }
  if (a.sizes.size() != b.sizes.size()) return result;
  result.sizes = a.sizes;
  for (size_t i = 0; i < a.sizes.size(); ++i) {
    if (a.sizes[i] != b.sizes[i]) result.sizes[i] = kUnknown;
  }
  return result;
}

std::span<const OpSpec> control_flow_ops() {
  static constexpr OpSpec kOps[] = {
      {"Enter", infer_pass, nullptr},
      {"RefEnter", infer_pass, nullptr},
      {"Exit", infer_pass, nullptr},
      {"RefExit", infer_pass, nullptr},
      {"NextIteration", infer_pass, nullptr},
      {"RefNextIteration", infer_pass, nullptr},
      {"LoopCond", infer_loop_condition, nullptr},
      {"Switch", infer_switch, nullptr},
      {"RefSwitch", infer_switch, nullptr},
      {"Merge", infer_merge, nullptr},
      {"RefMerge", infer_merge, nullptr},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
