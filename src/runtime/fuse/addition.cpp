// A convolution and the Add of a shortcut behind it: the convolution's sums begin at the shortcut's values. The relu
// behind the Add goes along.
#include <array>

#include "runtime/fuse/fuse.h"
#include "runtime/fuse/links.h"

namespace hoarfrost::runtime {
namespace {

// Which input of the Add comes from an operation that can take the other, the later one first: the shortcut is then
// there.
Operation* adder(Links& links, const Operation& add, size_t& which) {
  Operation* found = nullptr;
  for (const size_t i : {size_t{0}, size_t{1}}) {
    Operation* before = links.sole_producer(add.inputs[i]);
    if (before == nullptr || !takes_epilogue(*before, links.list()) || before->activation || before->addend) continue;
    if (found != nullptr && before < found) continue;
    found = before;
    which = i;
  }
  return found;
}

}  // namespace

void fuse_addition(OperationList& list) {
  Links links(list);
  for (size_t i = 0; i < links.size(); ++i) {
    Operation* operation = links.operation(i);
    if (operation == nullptr) continue;
    if (operation->is("Add") || operation->is("AddV2")) {
      const Shape& shape = links.value(operation->outputs[0]).shape;
      if (links.value(operation->inputs[0]).shape != shape || links.value(operation->inputs[1]).shape != shape)
        continue;
      size_t which = 0;
      Operation* before = adder(links, *operation, which);
      if (before == nullptr) continue;
      before->addend = operation->inputs[1 - which];
      links.merge(*before, *operation);
    } else if (const auto activation = fusable_activation(*operation)) {
      Operation* before = links.sole_producer(operation->inputs[0]);
      if (before == nullptr || !before->addend || before->activation) continue;
      before->activation = activation;
      links.merge(*before, *operation);
    }
  }
}

}  // namespace hoarfrost::runtime
