// One step of a recurrent cell among operations: what is computed of a step's input product and the states before.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "runtime/fuse/readers.h"
#include "runtime/kernels/recurrent_steps.h"

namespace hoarfrost::runtime {

// TensorFlow's Select(mask, value of this step, what it was before).
struct Selection {
  int operation = -1;
  ValueId value = -1;
  ValueId otherwise = -1;
};

struct RecurrentStep {
  RecurrentCell cell = RecurrentCell::kLstm;
  CellFunction gates = CellFunction::kSigmoid;
  CellFunction activation = CellFunction::kTanh;
  ValueId h_before = -1;  // -1: zeros, the product of which has become a constant
  ValueId c_before = -1;  // LSTM
  ValueId h = -1;
  ValueId c = -1;                 // LSTM
  ValueId kernel = -1;            // -1 where the product has become a constant
  ValueId candidate_kernel = -1;  // GRU that resets before
  ValueId bias = -1;              // GRU that resets after: of the product of h; -1: none
  std::set<int> operations;
  std::vector<ValueId> constants;  // GRU that resets after, without h_before: the three gates of the product of h
  // Where all that is read of h and, outside the step, of c goes through Selects by one mask.
  ValueId mask = -1;
  std::vector<Selection> h_selections;
  std::optional<Selection> c_selection;
};

// The step whose input product [batch, gates · units] is `x`: one function at the gates, one elsewhere, a constant
// kernel, as kernels/recurrent_steps.h says. Only h and c are read outside.
std::optional<RecurrentStep> match_recurrent_step(const Readers& readers, ValueId x);

}  // namespace hoarfrost::runtime
