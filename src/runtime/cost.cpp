#include "runtime/cost.h"

#include <set>

#include "runtime/kernels/convolution_block.h"
#include "runtime/kernels/elementwise.h"
#include "runtime/kernels/recurrent_steps.h"

namespace hoarfrost::runtime {
namespace {

double n_elements(const OperationList& list, ValueId id) {
  const Value& value = list.values[static_cast<size_t>(id)];
  return value.shape.is_static() ? static_cast<double>(value.shape.n_elements()) : 0;
}

// Elements of the filter that make one output: all of it but the output channels.
double filter_elements_per_output(const Operation& operation, const OperationList& list, ValueId id) {
  const Shape& filter = list.values[static_cast<size_t>(id)].shape;
  double result = 1;
  for (int axis = 0; axis < filter.rank() - 2; ++axis) result *= static_cast<double>(filter[axis]);
  return operation.op().starts_with("Depthwise") ? result : result * static_cast<double>(filter[-2]);
}

double length_of_product(const Operation& operation, const OperationList& list) {
  const bool is_batch = operation.node->has("adj_x");
  const bool is_transposed = operation.node->get_or<bool>(is_batch ? "adj_y" : "transpose_b", false);
  const Shape& b = list.values[static_cast<size_t>(operation.inputs[1])].shape;
  return static_cast<double>(b[is_transposed ? -1 : -2]);
}

double window_elements(const Operation& operation) {
  double result = 1;
  for (const int64_t size : operation.node->get_or<std::vector<int64_t>>("ksize", {}))
    result *= static_cast<double>(size);
  return result;
}

bool is_any(const Operation& operation, std::initializer_list<const char*> ops) {
  for (const char* op : ops) {
    if (operation.is(op)) return true;
  }
  return false;
}

// Of its convolution and the gradients of that.
double n_flops_of_block(const Operation& operation, const OperationList& list) {
  const bool is_gradient = operation.op().starts_with("FusedBatchNormGrad");
  const ValueId x = is_gradient ? operation.inputs[1] : operation.outputs.back();
  const ValueId filter = is_gradient ? operation.outputs[0] : operation.inputs.back();
  const double once = 2 * n_elements(list, x) * filter_elements_per_output(operation, list, filter);
  return is_gradient && BlockGradients(operation).has_input ? 2 * once : once;
}

}  // namespace

// Every gate of a row is a product with the state, and with the input where that is not in the graph.
double n_flops_of_steps(const Operation& operation, const OperationList& list) {
  const RecurrentSteps& steps = *operation.steps;
  const double n_inputs = n_elements(list, operation.inputs[0]);
  const auto n_units = static_cast<double>(steps.n_units);
  if (steps.input_kernel.empty()) return n_inputs * 2 * n_units;
  const auto n_features = static_cast<double>(steps.input_kernel.shape()[0]);
  return n_inputs / n_features * static_cast<double>(steps.n_gates()) * n_units * 2 * (n_features + n_units);
}

double n_flops(const Operation& operation, const OperationList& list) {
  if (operation.outputs.empty() || operation.body != nullptr || operation.loop != nullptr) return 0;
  if (operation.steps != nullptr) return n_flops_of_steps(operation, list);
  if (operation.elementwise != nullptr)
    return n_elements(list, operation.outputs[0]) * static_cast<double>(operation.elementwise->steps.size());
  if (operation.convolution != nullptr) return n_flops_of_block(operation, list);
  const double n_outputs = n_elements(list, operation.outputs[0]);
  if (is_any(operation, {"Conv2D", "Conv3D", "DepthwiseConv2dNative"}))
    return 2 * n_outputs * filter_elements_per_output(operation, list, operation.inputs[1]);
  // Both gradients of a convolution take as many as it does itself; input 2 is the gradient of its output.
  if (is_any(operation, {"Conv2DBackpropInput", "Conv3DBackpropInputV2", "DepthwiseConv2dNativeBackpropInput"}))
    return 2 * n_elements(list, operation.inputs[2]) * filter_elements_per_output(operation, list, operation.inputs[1]);
  if (is_any(operation, {"Conv2DBackpropFilter", "Conv3DBackpropFilterV2", "DepthwiseConv2dNativeBackpropFilter"}))
    return 2 * n_elements(list, operation.inputs[2]) *
           filter_elements_per_output(operation, list, operation.outputs[0]);
  if (is_any(operation, {"MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3"}))
    return 2 * n_outputs * length_of_product(operation, list);
  if (is_any(operation, {"MaxPool", "AvgPool", "MaxPool3D", "AvgPool3D"}))
    return n_outputs * window_elements(operation);
  return n_outputs;
}

double n_bytes(const Operation& operation, const OperationList& list) {
  if (operation.body != nullptr) return 0;
  std::set<ValueId> touched(operation.outputs.begin(), operation.outputs.end());
  for (const ValueId id : operation.reads()) touched.insert(id);
  double result = 0;
  for (const ValueId id : touched)
    result += n_elements(list, id) * static_cast<double>(dtype_size(list.values[static_cast<size_t>(id)].dtype));
  return result;
}

}  // namespace hoarfrost::runtime
