// What SimpleRNN, LSTM, GRU, RNN and their cuDNN forms share: a cell, played over the steps of [batch, time, …].
#pragma once

#include "keras/recurrent_cell.h"

namespace hoarfrost::keras {

// Up to how many steps a recurrence is written out step by step: a step is 6 to 20 nodes, so that a graph stays below
// some 20 MB of nodes. More than kFewSteps are a loop unless they are asked for.
inline constexpr int64_t kMostSteps = 4096;
inline constexpr int64_t kFewSteps = 1024;

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

  // [batch, time, …x], then initial states [batch, …] or none -> the output (of all steps with return_sequences), then
  // with return_state the last states. Errors as expect_rank, and for another number of states.
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  // A masked step keeps the states and gives the output of the step before (zero before the first, or always with
  // zero_output_for_mask), as Keras 2.15's backend.rnn does.
  // Written out step by step or as a while loop, as Lowering::recurrence says. Error{kUnsupported} for steps to be
  // written out whose number is unknown or above kMostSteps.
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  // One example's whole sequence is computed when its first element is asked for, and kept.
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;
};

// LSTM is RecurrentLayer<parse_lstm_cell>.
template <CellPtr (*parse_its_cell)(const Config&)>
struct RecurrentLayer : Recurrence {
  static RecurrentLayer parse(const Config& config) { return {Recurrence::parse(config, parse_its_cell(config))}; }
};

// Recurrence::lower as a while loop (recurrent_loop.cpp).
Values lower_as_loop(Lowering& lowering, const Recurrence& layer, const Values& in);
// The states before the first step: in's behind the first, or zeros of x's batch; then the zeros [batch, …output].
Values first_states(Lowering& lowering, const Recurrence& layer, const Values& in);
// In training, what Cell::masks gives, and the sequence under the input's: one, or one for each gate. Else the sequence
// itself.
Values dropped(Lowering& lowering, const Recurrence& layer, const Values& weights, const Value& in, Values& masks);
Value select(Lowering& lowering, const Value& mask, const Value& yes, const Value& no);

// What follows batch and time in the shape of a sequence; and [front…, back…].
Shape step_shape(const Shape& sequence);
Shape joined(std::vector<int64_t> front, const Shape& back);

// Keras 3 gives states as a call argument of that name; their tensors are the inputs behind the first.
// Error{kUnsupported} for another argument.
void read_call_arguments(const Config& config, std::string_view known);

// A cell called as a layer of its own: [batch, …x] and its states -> the output and the next states. LSTMCell is
// CellLayer<parse_lstm_cell>.
struct CellCall {
  CellPtr cell;
  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;
};
template <CellPtr (*parse_its_cell)(const Config&)>
struct CellLayer : CellCall {
  static CellLayer parse(const Config& config) {
    read_call_arguments(config, "states");
    return {{parse_its_cell(config)}};
  }
};

// A layer held in another's configuration under `key`. With `changes`, keys are set before it is parsed.
std::shared_ptr<const Layer> parse_inner_layer(const Config& config, std::string_view key,
                                               const std::vector<std::pair<std::string, bool>>& changes = {});

}  // namespace hoarfrost::keras
