// The steps of a recurrent cell one behind the other: what goes from each to the next, and what is shown of it.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "runtime/fuse/recurrent_step.h"

namespace hoarfrost::runtime {

struct RecurrentChain {
  std::set<int> operations;    // of all steps, the Selects by the mask among them
  std::vector<ValueId> shown;  // each step's output
  ValueId h = -1;              // after the last step; -1: nobody reads it
  ValueId h_twin = -1;         // another value that is always the same; -1: none
  ValueId c = -1;              // LSTM; -1: nobody reads it
  bool is_masked = false;
  MaskedRows masked_rows = MaskedRows::kState;

  // Two steps or more, the first one first; where they make no chain by one kernel there is none.
  static std::optional<RecurrentChain> of(const Readers& readers, const std::vector<RecurrentStep>& steps);
};

}  // namespace hoarfrost::runtime
