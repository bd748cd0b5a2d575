#include "evaluation/score.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace hoarfrost::evaluation {
namespace {

constexpr double kEpsilon = 1e-7;  // Keras' backend.epsilon()

double clipped(double probability) { return std::clamp(probability, kEpsilon, 1 - kEpsilon); }

// A NaN comes first, as NumPy's argmax has it; so a broken network cannot look right by accident.
bool is_larger(double a, double b) { return std::isnan(a) ? !std::isnan(b) : a > b; }

}  // namespace

Score::Score(int64_t n_units, int top_k) : n_units_(n_units) {
  sums_.n_classes = n_units == 1 ? 2 : n_units;
  sums_.top_k = static_cast<int>(std::min<int64_t>(std::max(top_k, 1), sums_.n_classes));
  sums_.confusion.resize(static_cast<size_t>(sums_.n_classes * sums_.n_classes));
}

void Score::add(const Tensor& outputs, std::span<const int64_t> labels) {
  if (outputs.n_elements() != static_cast<int64_t>(labels.size()) * n_units_) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected {} outputs for each of {} examples, found an output of shape {}", n_units_,
                            labels.size(), outputs.shape().to_string()));
  }
  const Reader reader(outputs);
  std::vector<double> row(static_cast<size_t>(n_units_));
  for (size_t i = 0; i < labels.size(); ++i) {
    for (size_t c = 0; c < row.size(); ++c) row[c] = reader[static_cast<int64_t>(i * row.size() + c)];
    if (n_units_ == 1)
      add_binary(row[0], labels[i]);
    else
      add_categorical(row, labels[i]);
    ++sums_.examples;
  }
}

// Keras 2.15's backend.binary_crossentropy.
void Score::add_binary(double probability, int64_t label) {
  const int64_t prediction = probability > 0.5 ? 1 : 0;
  const double p = clipped(probability);
  sums_.loss -= std::log((label == 1 ? p : 1 - p) + kEpsilon);
  sums_.accuracy += prediction == label ? 1 : 0;
  sums_.top_k_accuracy += sums_.top_k > 1 || prediction == label ? 1 : 0;
  ++sums_.confusion[static_cast<size_t>(label * 2 + prediction)];
}

// Keras 2.15's backend.categorical_crossentropy: outputs are scaled to the sum 1, then clipped.
void Score::add_categorical(std::span<const double> outputs, int64_t label) {
  double sum = 0;
  size_t prediction = 0;
  int n_larger = 0;
  const double own = outputs[static_cast<size_t>(label)];
  for (size_t c = 0; c < outputs.size(); ++c) {
    sum += outputs[c];
    if (is_larger(outputs[c], outputs[prediction])) prediction = c;
    if (is_larger(outputs[c], own)) ++n_larger;
  }
  sums_.loss -= std::log(clipped(own / sum));
  sums_.accuracy += static_cast<int64_t>(prediction) == label ? 1 : 0;
  sums_.top_k_accuracy += n_larger < sums_.top_k ? 1 : 0;
  ++sums_.confusion[static_cast<size_t>(label) * outputs.size() + prediction];
}

Evaluation Score::result() const {
  Evaluation result = sums_;
  const auto n = static_cast<double>(std::max<int64_t>(sums_.examples, 1));
  result.accuracy /= n;
  result.top_k_accuracy /= n;
  result.loss /= n;
  return result;
}

std::string Score::text() const { return fmt::format("accuracy: {:.4f}", result().accuracy); }

int64_t Evaluation::n_examples_of(int64_t label) const {
  int64_t n = 0;
  for (int64_t prediction = 0; prediction < n_classes; ++prediction) n += count(label, prediction);
  return n;
}

}  // namespace hoarfrost::evaluation
