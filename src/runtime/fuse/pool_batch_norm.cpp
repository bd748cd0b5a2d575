// BatchNormalization + MaxPool as one loop: the maximum of x * scale + shift. Exact for any sign of scale. Padding
// stays outside the maximum in both.
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {

void fuse_pool_batch_norm(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr || !operation->is("MaxPool") || links.value(operation->inputs[0]).shape.rank() != 4)
      continue;
    if (operation->node->get_or<std::string>("data_format", "NHWC") != "NHWC") continue;
    Operation* before = links.sole_producer(operation->inputs[0]);
    if (before == nullptr || !before->is_affine || before->activation) continue;
    operation->affine = std::move(before->affine);
    links.swallow(*operation, *before);
  }
}

}  // namespace hoarfrost::runtime
