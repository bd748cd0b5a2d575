#include "keras/recurrent_cell.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/activations.h"
#include "keras/addons_cell.h"
#include "keras/architecture.h"
#include "keras/lowering.h"
#include "keras/recurrent_dropout.h"

namespace hoarfrost::keras {
namespace {

// Cells one on the other: each takes the output of the one below. Keras 2.0 to 3.15.
class StackedCells final : public Cell {
 public:
  explicit StackedCells(std::vector<CellPtr> cells) : cells_(std::move(cells)) {}

  [[nodiscard]] std::string name() const override { return "stacked_rnn_cells"; }

  [[nodiscard]] Shapes states(const Shape& x) const override {
    Shapes result;
    visit(x, [&](const Cell& cell, const Shape& in) {
      for (Shape& state : cell.states(in)) result.push_back(std::move(state));
    });
    return result;
  }

  [[nodiscard]] Shape output(const Shape& x) const override {
    Shape result;
    visit(x, [&](const Cell& cell, const Shape& in) { result = cell.output(in); });
    return result;
  }

  [[nodiscard]] double multiplications(const Shape& x) const override {
    double result = 0;
    visit(x, [&](const Cell& cell, const Shape& in) { result += cell.multiplications(in); });
    return result;
  }

  // Named after the groups of .keras files: "cells/lstm_cell_1/kernel".
  [[nodiscard]] std::vector<WeightSpec> weights(const Shape& x) const override {
    std::vector<WeightSpec> result;
    std::vector<std::string> used;
    visit(x, [&](const Cell& cell, const Shape& in) {
      const auto n = std::count(used.begin(), used.end(), cell.name());
      used.push_back(cell.name());
      const std::string group = n == 0 ? cell.name() : fmt::format("{}_{}", cell.name(), n);
      for (WeightSpec spec : cell.weights(in)) {
        spec.name = fmt::format("cells/{}/{}", group, spec.name);
        result.push_back(std::move(spec));
      }
    });
    return result;
  }

  Values prepare(Lowering& lowering, Values weights, const Shape& x) const override {
    Values result;
    size_t first = 0;
    visit(x, [&](const Cell& cell, const Shape& in) {
      const size_t n = cell.weights(in).size();
      const auto begin = weights.begin() + static_cast<std::ptrdiff_t>(first);
      Values own = cell.prepare(lowering, {begin, begin + static_cast<std::ptrdiff_t>(n)}, in);
      result.insert(result.end(), own.begin(), own.end());
      first += n;
    });
    return result;
  }

  Values masks(Lowering& lowering, const Values& prepared, const Shape& x, const Value& batch) const override {
    Values result;
    size_t first = 0;
    visit(x, [&](const Cell& cell, const Shape& in) {
      const Values own = cell.masks(lowering, part(prepared, first), in, batch);
      result.insert(result.end(), own.begin(), own.end());
      first += cell.n_prepared();
    });
    return result;
  }
  [[nodiscard]] size_t n_input_masks() const override { return cells_[0]->n_input_masks(); }
  [[nodiscard]] size_t n_masks() const override {
    size_t n = 0;
    for (const CellPtr& cell : cells_) n += cell->n_masks();
    return n;
  }

  Value project(Lowering& lowering, const Values& weights, const Values& xs) const override {
    return cells_[0]->project(lowering, part(weights, 0), xs);
  }

  Value step(Lowering& lowering, const Values& weights, const Values& masks, const Value& projected,
             Values& states) const override {
    Value y = projected;
    size_t first_weight = 0;
    size_t first_mask = 0;
    size_t first_state = 0;
    for (size_t i = 0; i < cells_.size(); ++i) {
      const Values own = part(weights, first_weight);
      const Values own_masks = masks.empty() ? Values{} : part(masks, first_mask);
      if (i > 0) y = cells_[i]->project(lowering, own, masked(lowering, y, input_masks(*cells_[i], own_masks)));
      const size_t n_states = n_states_of(i);
      Values inner(states.begin() + static_cast<std::ptrdiff_t>(first_state),
                   states.begin() + static_cast<std::ptrdiff_t>(first_state + n_states));
      y = cells_[i]->step(lowering, own, own_masks, y, inner);
      std::copy(inner.begin(), inner.end(), states.begin() + static_cast<std::ptrdiff_t>(first_state));
      first_weight += cells_[i]->n_prepared();
      first_mask += cells_[i]->n_masks();
      first_state += n_states;
    }
    return y;
  }

  Doubles step(const std::vector<Doubles>& weights, const Shape& x_shape, const Doubles& x,
               std::vector<Doubles>& states) const override {
    Doubles y = x;
    Shape shape = x_shape;
    size_t first_weight = 0;
    size_t first_state = 0;
    for (size_t i = 0; i < cells_.size(); ++i) {
      const size_t n_states = n_states_of(i);
      std::vector<Doubles> inner(states.begin() + static_cast<std::ptrdiff_t>(first_state),
                                 states.begin() + static_cast<std::ptrdiff_t>(first_state + n_states));
      y = cells_[i]->step(part(weights, first_weight), shape, y, inner);
      std::copy(inner.begin(), inner.end(), states.begin() + static_cast<std::ptrdiff_t>(first_state));
      first_weight += cells_[i]->weights({1}).size();
      first_state += n_states;
      shape = cells_[i]->output(shape);
    }
    return y;
  }

 private:
  template <typename Visit>
  void visit(Shape in, const Visit& visit) const {
    for (const CellPtr& cell : cells_) {
      visit(*cell, in);
      in = cell->output(in);
    }
  }

  [[nodiscard]] size_t n_states_of(size_t i) const { return cells_[i]->states({1}).size(); }

  template <typename T>
  static std::vector<T> part(const std::vector<T>& weights, size_t first) {
    return {weights.begin() + static_cast<std::ptrdiff_t>(first), weights.end()};
  }

  std::vector<CellPtr> cells_;
};

}  // namespace

Shape batched(int64_t n, const Shape& shape) {
  Shape result{n};
  for (const int64_t size : shape.sizes()) result.push_back(size);
  return result;
}

Values input_masks(const Cell& cell, const Values& masks) {
  if (masks.empty()) return {};
  return {masks.begin(), masks.begin() + static_cast<std::ptrdiff_t>(cell.n_input_masks())};
}

CellPtr parse_stacked_cells(const Config& config) {
  config.ignore({"input_dim", "input_length"});
  if (config.get_bool({"reverse_state_order"}, false)) config.unsupported("reverse_state_order is not converted");
  const Json* cells = config.find({"cells"});
  if (cells == nullptr || !cells->is_array() || cells->empty()) config.fail("the configuration has no `cells`");
  std::vector<CellPtr> result;
  for (const Json& cell : *cells) {
    if (!cell.is_object() || !cell.contains("class_name") || !cell.at("class_name").is_string() ||
        !cell.contains("config")) {
      config.fail("`cells` must hold cells with a class_name and a config");
    }
    const Config inner(cell.at("config"), registered_class(cell), config.version());
    result.push_back(parse_cell(inner));
  }
  return std::make_shared<StackedCells>(std::move(result));
}

CellPtr parse_cell(const Config& config) {
  const std::string& full = config.class_name();
  const std::string name = full.substr(full.rfind('>') + 1);
  CellPtr cell;
  if (full.starts_with("Addons>"))
    cell = parse_addons_cell(config);
  else if (name == "SimpleRNNCell")
    cell = parse_simple_rnn_cell(config);
  else if (name == "LSTMCell")
    cell = parse_lstm_cell(config);
  else if (name == "GRUCell")
    cell = parse_gru_cell(config);
  else if (name == "StackedRNNCells")
    cell = parse_stacked_cells(config);
  else
    config.unsupported(fmt::format(
        "the cell `{}` is not known; there are SimpleRNNCell, LSTMCell, GRUCell and StackedRNNCells", full));
  if (const auto unread = config.unread(); !unread.empty()) {
    config.unsupported(
        fmt::format("configuration key `{}` not understood; it may change what the cell computes", unread.front()));
  }
  return cell;
}

Doubles product(const Doubles& row, const Doubles& matrix, size_t m) {
  Doubles result(m);
  for (size_t k = 0; k < row.size(); ++k) {
    const double factor = row[k];
    if (factor == 0) continue;
    for (size_t j = 0; j < m; ++j) result[j] += factor * matrix[k * m + j];
  }
  return result;
}

Doubles sum(Doubles a, const Doubles& b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

Doubles apply(const Activation& activation, Doubles x, const Shape& shape) {
  if (activation.is_linear()) return x;
  const Shape one = batched(1, shape);
  const Formula f =
      activation.reference({one, [&](const Index& o) { return x[static_cast<size_t>(o.offset(one))]; }, 1});
  Doubles result(x.size());
  for (size_t i = 0; i < x.size(); ++i) result[i] = f.at(Index::at_offset(one, static_cast<int64_t>(i)));
  return result;
}

}  // namespace hoarfrost::keras
