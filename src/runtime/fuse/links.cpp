#include "runtime/fuse/links.h"

#include <algorithm>

namespace hoarfrost::runtime {

Links::Links(OperationList& list) : list_(list) { relink(); }

Links::~Links() {
  std::erase_if(list_.operations, [](const Operation& operation) { return operation.node == nullptr; });
}

void Links::relink() {
  producers_.assign(list_.values.size(), -1);
  n_reads_.assign(list_.values.size(), 0);
  for (size_t i = 0; i < list_.operations.size(); ++i) {
    if (list_.operations[i].node == nullptr) continue;
    for (const ValueId id : list_.operations[i].outputs) producers_[static_cast<size_t>(id)] = static_cast<int>(i);
    for (const ValueId id : list_.operations[i].reads()) ++n_reads_[static_cast<size_t>(id)];
  }
}

Operation* Links::operation(size_t i) {
  Operation& operation = list_.operations[i];
  return operation.node == nullptr ? nullptr : &operation;
}

Operation* Links::sole_producer(ValueId id) {
  const auto at = static_cast<size_t>(id);
  if (producers_[at] < 0 || n_reads_[at] != 1 || value(id).is_fetched) return nullptr;
  return operation(static_cast<size_t>(producers_[at]));
}

Operation& Links::merge(Operation& first, Operation& second) {
  first.names.insert(first.names.begin(), second.names.begin(), second.names.end());
  first.outputs = {second.outputs.at(0)};  // a BatchNorm's statistics, which nobody reads, end here
  second = std::move(first);
  first = Operation();
  relink();
  return second;
}

void Links::swallow(Operation& operation, Operation& before) {
  operation.names.insert(operation.names.end(), before.names.begin(), before.names.end());
  operation.inputs[0] = before.inputs[0];
  before = Operation();
  relink();
}

}  // namespace hoarfrost::runtime
