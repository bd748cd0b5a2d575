// Counts what a classifier got right, batch by batch: one pass, in memory that does not grow with the examples.
#pragma once

#include <hoarfrost/statistics.h>

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace hoarfrost::evaluation {

class Statistics {
 public:
  // n_units outputs per example: one is a probability of class 1, more are one per class.
  Statistics(int64_t n_units, int top_k, int n_worst = 0);
  // The picture of row i of a batch, asked for only where the row is among the worst mistakes.
  using Pictures = std::function<Tensor(int64_t row)>;
  // outputs: [n, …, n_units], any numeric type; one label per example, below n_classes; first_example is the place of
  // the first row in the data set. Throws Error{kMismatch} when the outputs are not n_units per label.
  void add(const Tensor& outputs, std::span<const int64_t> labels, int64_t first_example = 0,
           const Pictures& pictures = nullptr);

  // What another one counted on other examples. Counts are exact; sums of doubles are added in the order of merging.
  void merge(const Statistics& other);
  // The same for one that another process wrote: a header, the counts, the sums, the worst mistakes.
  [[nodiscard]] std::string serialized() const;
  void merge_serialized(std::string_view bytes);

  // Without names, which only the data set knows.
  [[nodiscard]] Evaluation result() const;
  [[nodiscard]] int64_t n_examples() const { return counts_[kExamples]; }
  // The first example whose outputs are NaN, by its place in the data set.
  [[nodiscard]] std::optional<int64_t> first_nan() const;
  // "accuracy: 0.9300"
  [[nodiscard]] std::string text() const;
  // The classes that the rows of the last add got; -1 for NaN.
  [[nodiscard]] std::span<const int64_t> predictions() const { return predictions_; }

 private:
  enum Single : size_t { kExamples, kRight, kTopKRight, kNan, kSingles };
  struct Row;
  void add_row(const Row& row);
  void keep(const Row& row, int64_t place, const Pictures& pictures);  // place: in its batch
  void insert(Mistake mistake);
  [[nodiscard]] std::span<int64_t> section(size_t offset, size_t n) { return std::span(counts_).subspan(offset, n); }
  [[nodiscard]] std::span<const int64_t> section(size_t offset, size_t n) const {
    return std::span(counts_).subspan(offset, n);
  }
  [[nodiscard]] Row read_row(std::span<const double> outputs, int64_t label, int64_t example);
  void fill_curves(Evaluation& result) const;
  void fill_classes(Evaluation& result) const;

  int64_t n_units_;
  int64_t n_classes_;
  int top_k_;
  size_t n_worst_;
  bool has_tables_;  // confusion and scores by class
  // All counts in one array, so that merging is one addition: singles; per class examples, predicted, right;
  // reliability examples, right; confidence yes, no; pooled yes, no; confusion; by class yes, no.
  std::vector<int64_t> counts_;
  std::vector<double> sums_;  // loss; confidence per reliability bin
  int64_t first_nan_;
  std::vector<Mistake> worst_;  // the worst first
  std::vector<int64_t> predictions_;
  std::vector<double> probabilities_;  // of the row at hand
};

}  // namespace hoarfrost::evaluation
