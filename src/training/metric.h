// keras.metrics of Keras 2.15, counted over batches.
#pragma once

#include <hoarfrost/tensor.h>

#include <map>
#include <string>
#include <vector>

namespace hoarfrost::training {

class Metric {
 public:
  // "categorical_accuracy", "sparse_categorical_accuracy", "binary_accuracy", "top_k_categorical_accuracy" (k = 5),
  // "top_3_categorical_accuracy" and the like, "sparse_…" of these, "auc", "precision", "recall", "mae", "mse", by any
  // of Keras' spellings. Throws Error{kUnsupported} for another one.
  explicit Metric(const std::string& name);
  // What Keras' log calls it.
  [[nodiscard]] const std::string& name() const { return name_; }
  void rename(std::string name) { name_ = std::move(name); }
  // Labels as predictions are shaped; sparse ones [batch] or [batch, 1]. float32.
  void update(const Tensor& labels, const Tensor& predictions);
  [[nodiscard]] double result() const;
  void reset();
  // What has been counted: sums, so that those of several processes, or of the parts of an epoch, add up.
  [[nodiscard]] std::vector<double> counts() const;
  void set_counts(const std::vector<double>& counts);

  enum class Kind {
    kCategorical,
    kSparse,
    kBinary,
    kTopK,
    kSparseTopK,
    kAuc,
    kPrecision,
    kRecall,
    kAbsolute,
    kSquared
  };

 private:
  [[nodiscard]] bool is_right(std::span<const float> label, std::span<const float> prediction) const;
  std::string name_;
  Kind kind_;
  int top_k_ = 5;
  double sum_ = 0, n_ = 0;
  // Of AUC, precision and recall: what lies above each threshold.
  std::vector<double> thresholds_;
  std::vector<int64_t> true_positives_, false_positives_;
  int64_t n_positives_ = 0, n_negatives_ = 0;
};

}  // namespace hoarfrost::training
