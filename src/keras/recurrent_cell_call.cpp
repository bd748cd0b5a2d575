// Cells called as layers of their own.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "keras/lowering.h"
#include "keras/recurrent.h"
#include "keras/recurrent_dropout.h"
#include "keras/slicing.h"

namespace hoarfrost::keras {
namespace {

Shape without_batch(const Shape& shape) {
  return Shape(std::vector<int64_t>(shape.sizes().begin() + 1, shape.sizes().end()));
}

Doubles row_of(const Array& array, int64_t row) {
  Doubles result(static_cast<size_t>(without_batch(array.shape()).n_elements()));
  const auto n = static_cast<int64_t>(result.size());
  for (int64_t i = 0; i < n; ++i) result[static_cast<size_t>(i)] = array.at_offset(row * n + i);
  return result;
}

}  // namespace

Shapes CellCall::infer(const Shapes& in) const {
  if (in.empty() || in[0].rank() < 2)
    throw Error(ErrorCode::kMismatch, "", "expected an input [batch, features] and the cell's states");
  const Shape x = without_batch(in[0]);
  const Shapes states = cell->states(x);
  if (in.size() != states.size() + 1) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected an input and {} states, found {} inputs", states.size(), in.size()));
  }
  Shapes result{batched(in[0][0], cell->output(x))};
  for (const Shape& state : states) result.push_back(batched(in[0][0], state));
  return result;
}

std::vector<WeightSpec> CellCall::weights(const Shapes& in) const { return cell->weights(without_batch(in.at(0))); }

Values CellCall::lower(Lowering& lowering, const Values& in) const {
  Values weights;
  for (size_t i = 0; i < lowering.n_weights(); ++i) weights.push_back(lowering.weight(i));
  weights = cell->prepare(lowering, std::move(weights), without_batch(in[0].shape));
  Values states(in.begin() + 1, in.end());
  Values masks;
  if (lowering.is_training())
    masks = cell->masks(lowering, weights, without_batch(in[0].shape), size_of(lowering, in[0], 0));
  const Value projected = cell->project(lowering, weights, masked(lowering, in[0], input_masks(*cell, masks)));
  Values result{cell->step(lowering, weights, masks, projected, states)};
  result.insert(result.end(), states.begin(), states.end());
  return result;
}

// A row is computed anew for each element: a cell alone is small.
Formulas CellCall::reference(const Arrays& weights, const Arrays& in) const {
  Shapes shapes;
  for (const Array& array : in) shapes.push_back(array.shape());
  const Shapes out = infer(shapes);
  const Shape x = without_batch(shapes[0]);
  std::vector<Doubles> values;
  for (const Array& weight : weights) values.push_back(row_of(weight.reshaped(batched(1, weight.shape())), 0));
  values = cell->prepare(std::move(values), x);
  Formulas result;
  for (size_t o = 0; o < out.size(); ++o) {
    const auto at = [=, cell = cell, shape = out[o]](const Index& index) {
      std::vector<Doubles> states;
      for (size_t s = 1; s < in.size(); ++s) states.push_back(row_of(in[s], index[0]));
      const Doubles y = cell->step(values, x, row_of(in[0], index[0]), states);
      const Doubles& wanted = o == 0 ? y : states[o - 1];
      return wanted[static_cast<size_t>(index.offset(shape) % static_cast<int64_t>(wanted.size()))];
    };
    result.push_back({out[o], at, cell->multiplications(x)});
  }
  return result;
}

}  // namespace hoarfrost::keras
