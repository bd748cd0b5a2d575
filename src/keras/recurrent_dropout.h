// Dropout within recurrent cells (their `dropout` and `recurrent_dropout`), as Keras 2.15's
// rnn/dropout_rnn_cell_mixin.py and the cells' call have it: masks drawn once and the same at every step, one for all
// gates or one for each.
#pragma once

#include <functional>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

struct RecurrentDropout {
  double input = 0;  // rates
  double recurrent = 0;
  size_t n_gates = 1;
  bool is_by_gate = false;  // a mask for each gate: Keras' implementation 1, which recurrent dropout asks for
  bool is_by_step = false;  // the input's mask is drawn for the whole sequence, each step with its own values

  // Rates outside [0, 1] are brought in, as Keras does; at 1 gated cells drop nothing, as Keras' `0 < dropout < 1` has
  // it. LSTM and GRU that cuDNN could compute (tanh, sigmoid, a bias, no recurrent dropout, not `unroll`) are those by
  // step, in Keras 2.15 alone; `fits_cudnn` says what else that asks for.
  static RecurrentDropout parse(const Config& config, size_t n_gates, bool fits_cudnn = true);

  [[nodiscard]] size_t n_input_masks() const { return n_of(is_by_step ? 0 : input); }
  [[nodiscard]] size_t n_recurrent_masks() const { return n_of(recurrent); }
  // [batch, …x] for the input, then [batch, …state]: 0, or 1 / (1 - rate).
  [[nodiscard]] Values masks(Lowering& lowering, const Value& batch, const Shape& x, const Shape& state) const;

 private:
  [[nodiscard]] size_t n_of(double rate) const { return rate <= 0 ? 0 : is_by_gate ? n_gates : 1; }
};

// x under each of the masks; x itself where there is none. A mask gets an axis of 1 at `time` where x is a sequence.
Values masked(Lowering& lowering, const Value& x, const Values& masks, int time = -1);

// The sum's parts of a gated cell: product(x, kernel) where there is one x for all gates, else one product for each
// gate, put together along the last axis.
using Product = std::function<Value(const Value& x, const Value& kernel)>;
Value products(Lowering& lowering, const Values& xs, const Values& kernels, const Product& product);
// The kernel, or its n parts along the last axis.
Values kernels_for(Lowering& lowering, const Value& kernel, size_t n);

}  // namespace hoarfrost::keras
