// Flatten in front of a dense layer: the layer reads the image in the layout in which it lies, its weights permuted
// once.
#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {
namespace {

bool is_flatten(const Operation& operation, const OperationList& list) {
  if (!operation.is("Reshape") && !operation.is("Squeeze")) return false;
  const Shape& from = list.values[static_cast<size_t>(operation.inputs[0])].shape;
  const Shape& to = list.values[static_cast<size_t>(operation.outputs[0])].shape;
  return (from.rank() == 4 || from.rank() == 5) && to.rank() == 2 && from[0] == to[0];
}

}  // namespace

void fuse_flatten(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr || !operation->is("MatMul") || !takes_epilogue(*operation, list)) continue;
    Operation* before = links.sole_producer(operation->inputs[0]);
    if (before == nullptr || !is_flatten(*before, list)) continue;
    operation->flattened = links.value(before->inputs[0]).shape;
    links.swallow(*operation, *before);
  }
}

}  // namespace hoarfrost::runtime
