// What a recurrent layer does in one step: Keras' SimpleRNNCell, LSTMCell, GRUCell, ConvLSTMCell and StackedRNNCells.
#pragma once

#include <memory>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

using Doubles = std::vector<double>;

// The shape of n of them.
Shape batched(int64_t n, const Shape& shape);

// Shapes here are those of one step of one example, without batch and time: {features}, or {rows, columns, channels}.
class Cell {
 public:
  virtual ~Cell() = default;
  [[nodiscard]] virtual std::string name() const = 0;  // Keras' group in .keras files: "lstm_cell"
  [[nodiscard]] virtual Shapes states(const Shape& x) const = 0;
  [[nodiscard]] virtual Shape output(const Shape& x) const { return states(x).at(0); }
  [[nodiscard]] virtual std::vector<WeightSpec> weights(const Shape& x) const = 0;
  [[nodiscard]] virtual double multiplications(const Shape& x) const = 0;  // of one step

  // One row of what project gives.
  [[nodiscard]] virtual Shape projected(const Shape& x) const { return {weights(x).at(0).shape.last()}; }

  // The weights as project and step take them; a layout of its own (CuDNN's) becomes Keras' here.
  virtual Values prepare(Lowering& /*lowering*/, Values weights, const Shape& /*x*/) const { return weights; }
  [[nodiscard]] virtual size_t n_prepared() const { return weights({1}).size(); }  // how many prepare gives
  // In training, what dropout needs for all steps alike: first the masks of the input, n_input_masks() of them; then
  // the cell's own, n_masks() together. batch: an int32 number. At inference there are none.
  virtual Values masks(Lowering& /*lowering*/, const Values& /*prepared*/, const Shape& /*x*/,
                       const Value& /*batch*/) const {
    return {};
  }
  [[nodiscard]] virtual size_t n_input_masks() const { return 0; }
  [[nodiscard]] virtual size_t n_masks() const { return 0; }
  // The rate of a dropout of the whole sequence, before everything else.
  [[nodiscard]] virtual double sequence_dropout() const { return 0; }

  // The part of a step that no state enters, for any number of rows at once: [rows, …x] -> [rows, …]. xs: one for all
  // gates, or under the input's masks one for each.
  virtual Value project(Lowering& lowering, const Values& weights, const Values& xs) const = 0;
  // One step of [batch, …]: the output; the states become the next ones.
  virtual Value step(Lowering& lowering, const Values& weights, const Values& masks, const Value& projected,
                     Values& states) const = 0;

  // The same as mathematics, of one example: weights as they are in the file, row-major.
  virtual std::vector<Doubles> prepare(std::vector<Doubles> weights, const Shape& /*x*/) const { return weights; }
  virtual Doubles step(const std::vector<Doubles>& weights, const Shape& x_shape, const Doubles& x,
                       std::vector<Doubles>& states) const = 0;
};
using CellPtr = std::shared_ptr<const Cell>;

// Those of what Cell::masks gave that are the input's.
Values input_masks(const Cell& cell, const Values& masks);

CellPtr parse_simple_rnn_cell(const Config& config);
CellPtr parse_lstm_cell(const Config& config);
CellPtr parse_gru_cell(const Config& config);
// CuDNNLSTM and CuDNNGRU: their kernels hold each gate's matrix transposed, their bias both summands.
CellPtr parse_cudnn_lstm_cell(const Config& config);
CellPtr parse_cudnn_gru_cell(const Config& config);
CellPtr parse_conv_lstm1d_cell(const Config& config);
CellPtr parse_conv_lstm2d_cell(const Config& config);
CellPtr parse_conv_lstm3d_cell(const Config& config);
CellPtr parse_conv_lstm_cell(const Config& config);  // of as many axes as kernel_size
// The `cell` of an RNN: one of the above by its class, or StackedRNNCells. Error{kUnsupported} for another.
CellPtr parse_cell(const Config& config);
CellPtr parse_stacked_cells(const Config& config);

// What cells are written with. rows · matrix [n, m], row-major; f of every element; a + b.
Doubles product(const Doubles& row, const Doubles& matrix, size_t m);
Doubles sum(Doubles a, const Doubles& b);
class Activation;
Doubles apply(const Activation& activation, Doubles x, const Shape& shape);

}  // namespace hoarfrost::keras
