// A BatchNormalization that could not go into a convolution takes the relu behind it: x * scale + shift, then max(0,
// …).
#include "runtime/batch_norm.h"

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {

void fuse_batch_norm(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr) continue;
    if (auto affine = affine_of_batch_norm(*operation, list)) {
      if (list.values[static_cast<size_t>(operation->inputs[0])].shape.n_elements() == 0) continue;
      operation->affine = std::move(affine);
      operation->is_affine = true;
      operation->inputs.resize(1);
      operation->outputs.resize(1);
    } else if (operation->is("Relu") || operation->is("Relu6")) {
      Operation* before = links.sole_producer(operation->inputs[0]);
      if (before == nullptr || !before->is_affine || before->activation) continue;
      before->activation = fusable_activation(*operation);
      links.merge(*before, *operation);
    }
  }
}

}  // namespace hoarfrost::runtime
