// Who gives and who reads each value of a list, for rules that look at many operations at once.
#pragma once

#include <set>
#include <span>
#include <vector>

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// Of a list that stays as it is.
class Readers {
 public:
  explicit Readers(const OperationList& list);
  [[nodiscard]] const Value& value(ValueId id) const { return list_.values[static_cast<size_t>(id)]; }
  // -1: none, and for values that are newer
  [[nodiscard]] int producer(ValueId id) const {
    return static_cast<size_t>(id) < producers_.size() ? producers_[static_cast<size_t>(id)] : -1;
  }
  [[nodiscard]] const std::vector<int>& readers(ValueId id) const { return readers_[static_cast<size_t>(id)]; }
  [[nodiscard]] const Operation& operation(int i) const { return list_.operations[static_cast<size_t>(i)]; }
  // The one that reads the value, when nobody else does, within or without; -1: it is not so.
  [[nodiscard]] int only_reader(ValueId id) const;
  // A constant of zeros.
  [[nodiscard]] bool are_zeros(ValueId id) const;
  // Whether nobody else reads what these operations give, within or without, but for the values `given`.
  [[nodiscard]] bool are_alone(const std::set<int>& operations, std::span<const ValueId> given) const;

 private:
  const OperationList& list_;
  std::vector<int> producers_;
  std::vector<std::vector<int>> readers_;
};

}  // namespace hoarfrost::runtime
