// keras.regularizers: a penalty of l1 · Σ|x| + l2 · Σx².
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct Penalty {
  double l1 = 0;
  double l2 = 0;
  [[nodiscard]] bool is_zero() const { return l1 == 0 && l2 == 0; }
};

// From "l2" (0.01, as Keras 2.15 has it), {"class_name": "L1L2", "config": {"l1", "l2"}} and Keras 1's {"name":
// "L1L2Regularizer", "l1", "l2"}. Throws Error{kUnsupported} for a regularizer that is none of these.
Penalty penalty_of(const Json& regularizer);

// Keras 2.15's loss of a layer's output: the penalty of all its elements over the batch's size.
void add_activity_loss(Lowering& lowering, const Value& x, const Penalty& penalty);

}  // namespace hoarfrost::keras
