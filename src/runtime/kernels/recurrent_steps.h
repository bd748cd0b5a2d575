// The steps of an LSTM or GRU as one operation: what fuse/recurrence.cpp finds and kernels/recurrence.cpp runs.
#pragma once

#include <hoarfrost/tensor.h>

namespace hoarfrost::runtime {

// Per step, of rows [batch, …] and with the gates side by side:
//   LSTM (i, f, c, o): z = x + h·U, c' = σ(f)·c + σ(i)·tanh(c), h' = σ(o)·tanh(c')
//   GRU (z, r, h), reset after: s = h·U + b, h' = z·h + (1 − z)·tanh(x_h + r·s_h), z = σ(x_z + s_z), r = σ(x_r + s_r)
// as Keras 2.15's cells; σ is the sigmoid, or the hard one of Keras 1 and 2, min(max(0.2 x + 0.5, 0), 1). The
// operation's inputs are x, h and the LSTM's c before the first step; its outputs all steps' h, h and the LSTM's c
// after the last.
struct RecurrentSteps {
  bool is_lstm = true;
  bool has_hard_gates = false;
  bool is_by_time = false;      // x and all steps' h are [time, batch, …], else [batch, time, …]
  bool goes_backwards = false;  // the first step reads the last x
  int64_t n_steps = 0;
  int64_t n_units = 0;
  Tensor kernel;           // U: [units, gates · units]
  Tensor bias;             // b: [gates · units], or empty
  bool gives_all = false;  // whether anybody reads all steps' h

  [[nodiscard]] int64_t n_gates() const { return is_lstm ? 4 : 3; }
};

}  // namespace hoarfrost::runtime
