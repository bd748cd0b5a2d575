// One step of an LSTM or GRU among operations: what is computed of a step's input product and the states before.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// Who gives and who reads each value of a list that stays as it is.
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

 private:
  const OperationList& list_;
  std::vector<int> producers_;
  std::vector<std::vector<int>> readers_;
};

struct RecurrentStep {
  bool is_lstm = true;
  bool has_hard_gates = false;  // Keras 1's and 2's hard_sigmoid
  ValueId h_before = -1;        // -1: zeros, the product of which has become a constant
  ValueId c_before = -1;        // LSTM
  ValueId h = -1;
  ValueId c = -1;       // LSTM
  ValueId kernel = -1;  // -1 with h_before
  ValueId bias = -1;    // GRU: of the product of h; -1: none
  std::set<int> operations;
  std::vector<ValueId> constants;  // GRU without h_before: the three gates of the product of h
};

// The step whose input product [batch, gates · units] is `x`: one sigmoid at the gates, tanh elsewhere, a constant
// kernel, as kernels/recurrent_steps.h says. Only h and c are read outside.
std::optional<RecurrentStep> match_recurrent_step(const Readers& readers, ValueId x);

}  // namespace hoarfrost::runtime
