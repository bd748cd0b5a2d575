// What SimpleRNN, LSTM and GRU cells have in common: their configuration, the products with both kernels, dropout.
#pragma once

#include "keras/activations.h"
#include "keras/recurrent_cell.h"
#include "keras/recurrent_dropout.h"

namespace hoarfrost::keras {

struct VectorCellOptions {
  int64_t units = 0;
  bool use_bias = true;
  Activation activation;
  Activation recurrent_activation;
  RecurrentDropout dropout;

  // Until Keras 2.2 the gates' default was hard_sigmoid. fits_cudnn as RecurrentDropout::parse takes it.
  static VectorCellOptions parse(const Config& config, size_t n_gates, bool fits_cudnn = true);
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x, int64_t n_gates, const Shape& bias) const;
};

class VectorCell : public Cell {
 public:
  explicit VectorCell(VectorCellOptions options) : o_(std::move(options)) {}
  // After those of dropout, the recurrent kernel's parts for as many gates as have a mask.
  Values masks(Lowering& lowering, const Values& prepared, const Shape& x, const Value& batch) const override;
  [[nodiscard]] size_t n_input_masks() const override { return o_.dropout.n_input_masks(); }
  [[nodiscard]] size_t n_masks() const override;
  [[nodiscard]] double sequence_dropout() const override { return o_.dropout.is_by_step ? o_.dropout.input : 0; }
  // x · kernel + bias; of xs for each gate its own part.
  Value project(Lowering& lowering, const Values& w, const Values& xs) const override;

 protected:
  // The state under its masks, and what each is multiplied by: `kernel` itself where one serves all gates.
  struct Recurrent {
    Values states;
    Values kernels;
  };
  [[nodiscard]] Recurrent recurrent(Lowering& lowering, const Value& state, const Value& kernel,
                                    const Values& masks) const;
  // state · recurrent kernel.
  Value recurrent_product(Lowering& lowering, const Values& w, const Values& masks, const Value& state) const;

  VectorCellOptions o_;
};

// What the cells' steps are written with: n parts of equal size along an axis, each of shape `part`; a function of
// [batch, units]; and gate i of n units among those of all gates.
Values equal_parts(Lowering& lowering, const Value& x, int64_t n, int64_t axis, const Shape& part);
Value activated(Lowering& lowering, const Activation& activation, Value x, int64_t units);
Doubles gate(const Doubles& z, size_t i, size_t n);

Value mat_mul(Lowering& lowering, const Value& x, const Value& matrix);
Value biased(Lowering& lowering, const Value& x, const Value& bias);

}  // namespace hoarfrost::keras
