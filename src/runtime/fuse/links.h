// Who gives and who reads each value of a list of operations, kept true while rules merge operations.
#pragma once

#include <vector>

#include "runtime/operation.h"

namespace hoarfrost::runtime {

class Links {
 public:
  explicit Links(OperationList& list);
  // Takes the operations that were merged away out of the list.
  ~Links();
  Links(const Links&) = delete;
  Links& operator=(const Links&) = delete;

  [[nodiscard]] size_t size() const { return list_.operations.size(); }
  // nullptr for one that was merged away.
  [[nodiscard]] Operation* operation(size_t i);
  [[nodiscard]] const Value& value(ValueId id) const { return list_.values[static_cast<size_t>(id)]; }
  [[nodiscard]] const OperationList& list() const { return list_; }

  // The operation that gives the value, when it is read once in all and nobody outside asks for it; else nullptr.
  Operation* sole_producer(ValueId id);
  // `first` does `second`'s work too: it gives second's outputs, bears its name and stands at its place, where all that
  // either reads is there. `first` was sole producer of an input of second. Returns the merged operation.
  Operation& merge(Operation& first, Operation& second);
  // `operation` does `before`'s work too, which gave its first input: it reads before's first input instead, and stays
  // where it is.
  void swallow(Operation& operation, Operation& before);

 private:
  void relink();
  OperationList& list_;
  std::vector<int> producers_;  // operation by value, -1 for none
  std::vector<int> n_reads_;
};

}  // namespace hoarfrost::runtime
