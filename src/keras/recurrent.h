// What SimpleRNN, LSTM, GRU, RNN and their cuDNN forms share: a cell, played over the steps of [batch, time, …].
#pragma once

#include "keras/recurrent_cell.h"

namespace hoarfrost::keras {

// Up to how many steps a recurrence is written out step by step. A step is about 15 nodes, so that this is some 500 nodes: what
// tool chains without control flow (OpenCV, FPGA compilers) still take and TensorFlow still loads in milliseconds.
inline constexpr int64_t kMostUnrolledSteps = 32;

struct Recurrence {
  CellPtr cell;
  bool return_sequences = false;
  bool return_state = false;
  bool go_backwards = false;
  bool zero_output_for_mask = false;
  bool time_major = false;
  bool stateful = false;

  // Keras 2.0 to 3.15. `initial_state` may be a call argument: the inputs behind the first.
  static Recurrence parse(const Config& config, CellPtr cell);

  // [batch, time, …x], then initial states [batch, …] or none -> the output (of all steps with return_sequences), then with
  // return_state the last states. Errors as expect_rank, and for another number of states.
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  // A masked step keeps the states and gives the output of the step before (zero before the first, or always with
  // zero_output_for_mask), as Keras 2.15's backend.rnn does.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  // One example's whole sequence is computed when its first element is asked for, and kept.
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;
};

// LSTM is RecurrentLayer<parse_lstm_cell>.
template <CellPtr (*parse_its_cell)(const Config&)>
struct RecurrentLayer : Recurrence {
  static RecurrentLayer parse(const Config& config) { return {Recurrence::parse(config, parse_its_cell(config))}; }
};

// A layer held in another's configuration under `key`. With `changes`, keys are set before it is parsed.
std::shared_ptr<const Layer> parse_inner_layer(const Config& config, std::string_view key, const std::vector<std::pair<std::string, bool>>& changes = {});

}  // namespace hoarfrost::keras
