// ReluGrad may look at the relu's output as well as at its input, for both are above zero where one is (and below six
// in Relu6Grad): so the input need not be kept, and the relu can go into what stands before it.
#include <map>

#include "runtime/fuse/fuse.h"

namespace hoarfrost::runtime {

void fuse_relu_gradient(OperationList& list) {
  std::map<ValueId, ValueId> outputs, outputs_of_6;  // by input
  for (Operation& operation : list.operations) {
    if (operation.is("Relu")) outputs.emplace(operation.inputs[0], operation.outputs[0]);
    if (operation.is("Relu6")) outputs_of_6.emplace(operation.inputs[0], operation.outputs[0]);
    if (!operation.is("ReluGrad") && !operation.is("Relu6Grad")) continue;
    const auto& known = operation.is("ReluGrad") ? outputs : outputs_of_6;
    if (const auto found = known.find(operation.inputs[1]); found != known.end()) operation.inputs[1] = found->second;
  }
}

}  // namespace hoarfrost::runtime
