// The gradient of a relu goes into that of the BatchNormalization behind it, which reads the relu's output anyway.
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_step.h"

namespace hoarfrost::runtime {
namespace {

bool is_batch_norm_gradient(const Operation& operation) {
  if (operation.pool != nullptr) return operation.op().starts_with("FusedBatchNormGrad");
  const bool is_one = operation.is("FusedBatchNormGrad") || operation.is("FusedBatchNormGradV2") ||
                      operation.is("FusedBatchNormGradV3");
  return is_one && operation.is_plain() && operation.node->get_or<bool>("is_training", true) &&
         operation.node->get_or<std::string>("data_format", "NHWC").back() == 'C';
}

}  // namespace

void fuse_batch_norm_relu_gradient(OperationList& list) {
  const Readers readers(list);
  std::set<size_t> merged;
  for (Operation& operation : list.operations) {
    if (!is_batch_norm_gradient(operation)) continue;
    const int i = readers.only_reader(operation.outputs[0]);
    if (i < 0 || !readers.operation(i).is("ReluGrad")) continue;
    const Operation& relu = readers.operation(i);
    const ValueId x = operation.inputs[1];
    if (relu.inputs[0] != operation.outputs[0] || relu.inputs[1] != x || readers.value(x).dtype != DType::kFloat32)
      continue;
    operation.activation = Activation{dnnl::algorithm::eltwise_relu, 0, 0};
    operation.outputs[0] = relu.outputs[0];
    operation.names.insert(operation.names.begin(), relu.names.begin(), relu.names.end());
    merged.insert(static_cast<size_t>(i));
  }
  size_t i = 0;
  std::erase_if(list.operations, [&](const Operation&) { return merged.contains(i++); });
}

}  // namespace hoarfrost::runtime
