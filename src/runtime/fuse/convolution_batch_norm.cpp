// A convolution whose output only BatchNormalization in training with its pool reads, and the gradient of that, is one
// operation with them: the batch's statistics are taken while an image's output is in a cache.
#include <set>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/recurrent_step.h"
#include "runtime/kernels/convolution_block.h"

namespace hoarfrost::runtime {

void fuse_convolution_batch_norm(OperationList& list) {
  const Readers readers(list);
  std::set<size_t> merged;
  for (Operation& operation : list.operations) {
    if (operation.pool == nullptr || operation.op().starts_with("FusedBatchNormGrad")) continue;
    const ValueId x = operation.inputs[0];
    const int producer = readers.producer(x);
    if (producer < 0 || readers.value(x).is_fetched) continue;
    const Operation& convolution = readers.operation(producer);
    // Who else reads x comes later than the batch norm: its gradient.
    const bool is_first =
        std::ranges::all_of(readers.readers(x), [&](int reader) { return &readers.operation(reader) >= &operation; });
    if (!is_first || !takes_block(convolution, x, list)) continue;
    operation.convolution = convolution.node;
    operation.inputs[0] = convolution.inputs[0];
    operation.inputs.push_back(convolution.inputs[1]);
    operation.bias_value = convolution.bias_value;
    operation.activation = convolution.activation;
    operation.outputs.push_back(x);
    operation.names.insert(operation.names.end(), convolution.names.begin(), convolution.names.end());
    merged.insert(static_cast<size_t>(producer));
  }
  size_t i = 0;
  std::erase_if(list.operations, [&](const Operation&) { return merged.contains(i++); });
}

}  // namespace hoarfrost::runtime
