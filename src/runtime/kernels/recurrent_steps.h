// The steps of a recurrent cell as one operation: what fuse/recurrence.cpp finds and kernels/recurrence.cpp runs.
#pragma once

#include <hoarfrost/tensor.h>

namespace hoarfrost::runtime {

// Per step, of rows [batch, …] and with the gates side by side, as Keras 2.15's cells compute it; σ is `gates`, φ
// `activation`, x the input's product:
//   kSimple              h' = φ(x + h·U)
//   kLstm (i, f, c, o)   z = x + h·U, c' = σ(z_f)·c + σ(z_i)·φ(z_c), h' = σ(z_o)·φ(c')
//   kGruResetAfter       s = h·U + b, h' = z·h + (1 − z)·φ(x_h + r·s_h), z = σ(x_z + s_z), r = σ(x_r + s_r)
//   kGruResetBefore      s = h·U, h' = z·h + (1 − z)·φ(x_h + (r·h)·V), z = σ(x_z + s_z), r = σ(x_r + s_r)
enum class RecurrentCell : uint8_t { kSimple, kLstm, kGruResetAfter, kGruResetBefore };

enum class CellFunction : uint8_t {
  kSigmoid,
  kHardSigmoid,  // Keras 1's and 2's: min(max(0.2 x + 0.5, 0), 1)
  kTanh,
  kRelu,
  kLinear
};

// What is shown of a row whose mask is false; its states it keeps.
enum class MaskedRows : uint8_t {
  kState,
  kZeros,       // Keras' zero_output_for_mask
  kShownBefore  // what was shown in the step before; in the first step zeros, whatever the state
};

// The operation's inputs are x, or with an input_kernel W that of which x = input·W + input_bias, h and the LSTM's c
// before the first step, and the mask; its outputs all that is shown, h and the LSTM's c after the last step, and with
// kShownBefore what is shown last.
struct RecurrentSteps {
  RecurrentCell cell = RecurrentCell::kLstm;
  CellFunction gates = CellFunction::kSigmoid;
  CellFunction activation = CellFunction::kTanh;
  // Which are [time, batch, …], else [batch, time, …].
  bool x_by_time = false;
  bool mask_by_time = false;
  bool shown_by_time = false;
  bool goes_backwards = false;  // the first step reads the last x
  bool is_masked = false;
  MaskedRows masked_rows = MaskedRows::kState;
  int64_t n_steps = 0;
  int64_t n_units = 0;
  Tensor input_kernel{};      // W: [features, gates · units], or empty
  Tensor input_bias{};        // [gates · units], or empty
  Tensor kernel{};            // U: [units, gates · units]
  Tensor candidate_kernel{};  // V: [units, units], or empty
  Tensor bias{};              // b: [gates · units], or empty
  bool gives_all = false;     // whether anybody reads all that is shown

  [[nodiscard]] bool is_lstm() const { return cell == RecurrentCell::kLstm; }
  // Side by side in x.
  [[nodiscard]] int64_t n_gates() const { return cell == RecurrentCell::kSimple ? 1 : is_lstm() ? 4 : 3; }
};

}  // namespace hoarfrost::runtime
