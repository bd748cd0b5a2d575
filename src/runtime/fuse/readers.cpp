#include "runtime/fuse/readers.h"

#include <algorithm>

namespace hoarfrost::runtime {

Readers::Readers(const OperationList& list)
    : list_(list), producers_(list.values.size(), -1), readers_(list.values.size()) {
  for (size_t i = 0; i < list.operations.size(); ++i) {
    for (const ValueId id : list.operations[i].outputs) producers_[static_cast<size_t>(id)] = static_cast<int>(i);
    for (const ValueId id : list.operations[i].reads())
      readers_[static_cast<size_t>(id)].push_back(static_cast<int>(i));
  }
}

int Readers::only_reader(ValueId id) const {
  const auto& all = readers_[static_cast<size_t>(id)];
  return all.size() == 1 && !value(id).is_fetched ? all[0] : -1;
}

bool Readers::are_alone(const std::set<int>& operations, std::span<const ValueId> given) const {
  return std::ranges::all_of(operations, [&](int i) {
    return std::ranges::all_of(operation(i).outputs, [&](ValueId id) {
      if (std::ranges::find(given, id) != given.end()) return true;
      return !value(id).is_fetched &&
             std::ranges::all_of(readers(id), [&](int reader) { return operations.contains(reader); });
    });
  });
}

bool Readers::are_zeros(ValueId id) const {
  if (!value(id).is_constant()) return false;
  const Reader reader(value(id).constant);
  for (int64_t i = 0; i < value(id).constant.n_elements(); ++i) {
    if (reader[i] != 0) return false;
  }
  return true;
}

}  // namespace hoarfrost::runtime
