#include "runtime/fuse/replacements.h"

#include <algorithm>

namespace hoarfrost::runtime {

namespace {

void replace_uses(OperationList& list, ValueId from, ValueId to) {
  for (Operation& operation : list.operations) {
    std::ranges::replace(operation.inputs, from, to);
    if (operation.addend == from) operation.addend = to;
  }
  std::ranges::replace(list.outputs, from, to);
  if (list.values[static_cast<size_t>(from)].is_fetched) list.values[static_cast<size_t>(to)].is_fetched = true;
}

}  // namespace

void Replacements::add(Operation operation, const std::set<int>& removed, const Readers& readers) {
  int after = -1;
  for (const ValueId id : operation.inputs) after = std::max(after, readers.producer(id));
  placed_.emplace(after, std::move(operation));
  removed_.insert(removed.begin(), removed.end());
}

void Replacements::apply(OperationList& list) {
  if (placed_.empty()) return;
  std::vector<Operation> operations;
  const auto place = [&](int after) {
    const auto [first, last] = placed_.equal_range(after);
    for (auto placed = first; placed != last; ++placed) operations.push_back(std::move(placed->second));
  };
  place(-1);
  for (size_t i = 0; i < list.operations.size(); ++i) {
    if (!removed_.contains(static_cast<int>(i))) operations.push_back(std::move(list.operations[i]));
    place(static_cast<int>(i));
  }
  list.operations = std::move(operations);
  for (const auto& [value, same] : same_) replace_uses(list, value, same);
}

}  // namespace hoarfrost::runtime
