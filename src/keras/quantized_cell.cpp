#include "keras/quantized_cell.h"

#include <algorithm>

#include "keras/lowering.h"
#include "keras/quantizer.h"

namespace hoarfrost::keras {
namespace {

class QuantizedCell final : public Cell {
 public:
  // What a layer of QKeras' has beside the cell's own keys, read off its configuration.
  QuantizedCell(CellPtr cell, const Config& config)
      : cell_(std::move(cell)),
        weights_{parse_quantizer(config, "kernel_quantizer", QuantizerUse::kKernel),
                 parse_quantizer(config, "recurrent_quantizer", QuantizerUse::kKernel),
                 parse_quantizer(config, "bias_quantizer", QuantizerUse::kWeight)},
        state_(parse_quantizer(config, "state_quantizer", QuantizerUse::kActivation)) {}

  [[nodiscard]] std::string name() const override { return "q" + cell_->name(); }
  [[nodiscard]] Shapes states(const Shape& x) const override { return cell_->states(x); }
  [[nodiscard]] Shape output(const Shape& x) const override { return cell_->output(x); }
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override { return cell_->weights(x); }
  [[nodiscard]] double multiplications(const Shape& x) const override { return cell_->multiplications(x); }
  [[nodiscard]] Shape projected(const Shape& x) const override { return cell_->projected(x); }
  [[nodiscard]] size_t n_prepared() const override { return cell_->n_prepared(); }

  Values prepare(Lowering& lowering, Values weights, const Shape& x) const override {
    lowering.expect_inference(kTrainedByQKeras);
    for (size_t i = 0; i < weights.size(); ++i) {
      if (weights_.at(i).lower) weights[i] = weights_.at(i).lower(lowering, weights[i]);
    }
    return cell_->prepare(lowering, std::move(weights), x);
  }

  Value project(Lowering& lowering, const Values& weights, const Values& xs) const override {
    return cell_->project(lowering, weights, xs);
  }

  Value step(Lowering& lowering, const Values& weights, const Values& masks, const Value& projected,
             Values& states) const override {
    if (state_.lower) {
      for (Value& state : states) state = state_.lower(lowering, state);
    }
    return cell_->step(lowering, weights, masks, projected, states);
  }

  std::vector<Doubles> prepare(std::vector<Doubles> weights, const Shape& x) const override {
    const std::vector<WeightSpec> specs = cell_->weights(x);
    for (size_t i = 0; i < weights.size(); ++i) {
      Tensor tensor(DType::kFloat64, specs.at(i).shape);
      std::ranges::copy(weights[i], tensor.mutable_values<double>().begin());
      const Array quantized = weights_.at(i).weight(Array(tensor));
      for (size_t k = 0; k < weights[i].size(); ++k) weights[i][k] = quantized.at_offset(static_cast<int64_t>(k));
    }
    return cell_->prepare(std::move(weights), x);
  }

  Doubles step(const std::vector<Doubles>& weights, const Shape& x_shape, const Doubles& x,
               std::vector<Doubles>& states) const override {
    if (state_.of) {
      for (Doubles& state : states) std::ranges::transform(state, state.begin(), state_.of);
    }
    return cell_->step(weights, x_shape, x, states);
  }

 private:
  CellPtr cell_;
  std::vector<Quantizer> weights_;  // in the order of the cell's
  Quantizer state_;
};

}  // namespace

CellPtr parse_q_simple_rnn_cell(const Config& config) {
  return std::make_shared<QuantizedCell>(parse_simple_rnn_cell(config), config);
}

CellPtr parse_q_lstm_cell(const Config& config) {
  return std::make_shared<QuantizedCell>(parse_lstm_cell(config), config);
}

CellPtr parse_q_gru_cell(const Config& config) {
  if (config.find({"recurrent_quantizer"}) == nullptr)
    config.unsupported(
        "a QGRU without recurrent_quantizer takes the input's kernel for its states (QKeras 0.9); give "
        "it one");
  return std::make_shared<QuantizedCell>(parse_gru_cell(config), config);
}

}  // namespace hoarfrost::keras
