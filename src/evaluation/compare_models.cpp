// compare: two classifiers on the same examples.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/progress.h"
#include "evaluation/classifier.h"
#include "evaluation/names.h"
#include "evaluation/statistics.h"

namespace hoarfrost::evaluation {
namespace {

// The largest difference between outputs so far, and where.
class LargestDifference {
 public:
  // [n, n_units] each; `first` is the place of the first row in the data set.
  void add(const Tensor& a, const Tensor& b, int64_t n_units, int64_t first) {
    const Reader in_a(a), in_b(b);
    for (int64_t i = 0; i < a.n_elements(); ++i) {
      const double value_a = in_a[i], value_b = in_b[i];
      if (std::isfinite(value_a)) magnitude_ = std::max(magnitude_, std::abs(value_a));
      const double difference = difference_of(value_a, value_b);
      if (!(difference > largest_)) continue;
      largest_ = difference;
      example_ = first + i / n_units;
      output_ = i % n_units;
      value_a_ = value_a;
      value_b_ = value_b;
    }
  }

  void tell(ModelComparison& result, const data::DataSet& examples) const {
    result.max_abs = largest_;
    if (largest_ == 0) return;
    result.max_rel = magnitude_ > 0 ? largest_ / magnitude_ : std::numeric_limits<double>::infinity();
    result.where = examples.example_name(example_);
    result.output = output_;
    result.output_a = value_a_;
    result.output_b = value_b_;
  }

 private:
  static double difference_of(double a, double b) {
    if (a == b || (std::isnan(a) && std::isnan(b))) return 0;
    const double difference = std::abs(a - b);
    return std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference;
  }

  double magnitude_ = 0;
  double largest_ = 0;
  int64_t example_ = 0;
  int64_t output_ = 0;
  double value_a_ = 0;
  double value_b_ = 0;
};

class Changes {
 public:
  explicit Changes(int64_t n_kept) : n_kept_(n_kept) {}

  void add(const Statistics& a, const Statistics& b, std::span<const int64_t> labels, int64_t first) {
    for (size_t i = 0; i < labels.size(); ++i) {
      const int64_t class_a = a.predictions()[i], class_b = b.predictions()[i];
      if (class_a == class_b) continue;
      ++n_changed_;
      n_only_a_right_ += class_a == labels[i] ? 1 : 0;
      n_only_b_right_ += class_b == labels[i] ? 1 : 0;
      if (static_cast<int64_t>(kept_.size()) < n_kept_)
        kept_.push_back({first + static_cast<int64_t>(i), "", labels[i], class_a, class_b});
    }
  }

  void tell(ModelComparison& result, const data::DataSet& examples) const {
    result.n_changed = n_changed_;
    result.n_only_a_right = n_only_a_right_;
    result.n_only_b_right = n_only_b_right_;
    result.changed = kept_;
    for (ChangedExample& change : result.changed) change.name = examples.example_name(change.example);
  }

 private:
  int64_t n_kept_;
  int64_t n_changed_ = 0;
  int64_t n_only_a_right_ = 0;
  int64_t n_only_b_right_ = 0;
  std::vector<ChangedExample> kept_;
};

void expect_comparable(const ClassifierFormat& a, const ClassifierFormat& b) {
  if (a.n_units != b.n_units) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected two models with as many outputs each, found {} and {}", a.n_units, b.n_units));
  }
  if (a.fixed_batch != kUnknown && b.fixed_batch != kUnknown && a.fixed_batch != b.fixed_batch) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected two models that take the same batches, found fixed batches of {} and {}",
                            a.fixed_batch, b.fixed_batch));
  }
}

void expect_same_labels(const data::Batch& a, const data::Batch& b) {
  if (a.labels == b.labels) return;
  throw Error(ErrorCode::kMismatch, "", "the data set gave the two models different labels for the same examples");
}

Evaluation named(const Statistics& statistics, const data::DataSet& examples) {
  Evaluation result = statistics.result();
  add_names(result, statistics, examples);
  return result;
}

}  // namespace

ModelComparison compare_models(const Model& a, const Model& b, data::DataSet& examples_a, data::DataSet* examples_b,
                               const CompareOptions& options) {
  const auto format_a = classifier_format(a.frozen, a.signature), format_b = classifier_format(b.frozen, b.signature);
  expect_comparable(format_a, format_b);
  expect_names_fit(examples_a, format_a.examples.n_classes);
  const int64_t n_left = examples_a.size() - examples_a.position();
  const int64_t fixed = std::max(format_a.fixed_batch, format_b.fixed_batch);  // kUnknown is negative
  const int64_t batch_size = fixed > 0 ? fixed : options.batch_size;
  Classifier network_a(a.frozen, a.signature, {batch_size, {.threads = options.threads}, n_left});
  Classifier network_b(b.frozen, b.signature, {batch_size, {.threads = options.threads}, n_left});
  Statistics statistics_a(format_a.n_units, options.top_k), statistics_b(format_b.n_units, options.top_k);
  LargestDifference difference;
  Changes changes(options.n_changed_kept);
  Progress progress((n_left + batch_size - 1) / batch_size, options.show_progress);
  int64_t first = examples_a.position();
  for (int64_t i = 1;; ++i) {
    const data::Batch batch = examples_a.next(batch_size);
    const data::Batch batch_b = examples_b == nullptr ? batch : examples_b->next(batch_size);
    expect_same_labels(batch, batch_b);
    if (batch.labels.empty()) break;
    const Tensor outputs_a = network_a(batch.x), outputs_b = network_b(batch_b.x);
    statistics_a.add(outputs_a, batch.labels, first);
    statistics_b.add(outputs_b, batch.labels, first);
    difference.add(outputs_a, outputs_b, format_a.n_units, first);
    changes.add(statistics_a, statistics_b, batch.labels, first);
    first += static_cast<int64_t>(batch.labels.size());
    progress.update(i, "");
  }
  progress.finish("");
  ModelComparison result;
  result.a = named(statistics_a, examples_a);
  result.b = named(statistics_b, examples_a);
  difference.tell(result, examples_a);
  changes.tell(result, examples_a);
  return result;
}

}  // namespace hoarfrost::evaluation
