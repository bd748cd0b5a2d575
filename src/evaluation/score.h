// Counts what a classifier got right, batch by batch.
#pragma once

#include <hoarfrost/evaluation.h>

#include <span>
#include <string>

namespace hoarfrost::evaluation {

class Score {
 public:
  // n_units outputs per example: one is a probability of class 1, more are one per class.
  Score(int64_t n_units, int top_k);
  // outputs: [n, …, n_units], any numeric type; one label per example, below n_classes.
  void add(const Tensor& outputs, std::span<const int64_t> labels);
  [[nodiscard]] Evaluation result() const;
  // "accuracy: 0.9300"
  [[nodiscard]] std::string text() const;

 private:
  void add_binary(double probability, int64_t label);
  void add_categorical(std::span<const double> outputs, int64_t label);
  int64_t n_units_;
  Evaluation sums_;  // accuracies and loss as sums over the examples
};

}  // namespace hoarfrost::evaluation
