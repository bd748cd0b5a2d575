#include "training/metric.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <cmath>

namespace hoarfrost::training {
namespace {

using Kind = Metric::Kind;

struct MetricRow {
  std::string_view spelling;  // lower case, without underscores
  Kind kind;
  std::string_view name;
};
constexpr MetricRow kMetrics[] = {
    {"categoricalaccuracy", Kind::kCategorical, "categorical_accuracy"},
    {"sparsecategoricalaccuracy", Kind::kSparse, "sparse_categorical_accuracy"},
    {"binaryaccuracy", Kind::kBinary, "binary_accuracy"},
    {"topkcategoricalaccuracy", Kind::kTopK, "top_k_categorical_accuracy"},
    {"sparsetopkcategoricalaccuracy", Kind::kSparseTopK, "sparse_top_k_categorical_accuracy"},
    {"auc", Kind::kAuc, "auc"},
    {"precision", Kind::kPrecision, "precision"},
    {"recall", Kind::kRecall, "recall"},
    {"meanabsoluteerror", Kind::kAbsolute, "mean_absolute_error"},
    {"mae", Kind::kAbsolute, "mae"},
    {"meansquarederror", Kind::kSquared, "mean_squared_error"},
    {"mse", Kind::kSquared, "mse"},
};

// "Top_3" as "topk" and 3.
std::string spelled(const std::string& name, int& k) {
  std::string result, digits;
  for (const char c : name) {
    if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
      if (digits.empty()) result += 'k';
      digits += c;
    } else if (c != '_') {
      result += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    }
  }
  if (!digits.empty() && digits.size() < 6) k = std::stoi(digits);
  return result;
}

// Keras' AUC: 200 thresholds, the outer ones a little outside [0, 1].
std::vector<double> auc_thresholds() {
  constexpr int kNumber = 200;
  std::vector<double> result{-1e-7};
  for (int i = 0; i < kNumber - 2; ++i) result.push_back((i + 1.0) / (kNumber - 1));
  result.push_back(1 + 1e-7);
  return result;
}

size_t largest(std::span<const float> values) {
  return static_cast<size_t>(std::ranges::max_element(values) - values.begin());
}

}  // namespace

Metric::Metric(const std::string& name) {
  const std::string spelling = spelled(name, top_k_);
  const auto* found = std::ranges::find(kMetrics, spelling, &MetricRow::spelling);
  if (found == std::end(kMetrics)) {
    std::string names = "accuracy";
    for (const MetricRow& row : kMetrics) names += fmt::format(", {}", row.name);
    throw Error(ErrorCode::kUnsupported, "metric", fmt::format("`{}` is not known; expected one of {}", name, names));
  }
  kind_ = found->kind;
  name_ = found->name;
  if (kind_ == Kind::kAuc) thresholds_ = auc_thresholds();
  if (kind_ == Kind::kPrecision || kind_ == Kind::kRecall) thresholds_ = {0.5};
  reset();
}

void Metric::reset() {
  sum_ = n_ = 0;
  n_positives_ = n_negatives_ = 0;
  true_positives_.assign(thresholds_.size(), 0);
  false_positives_.assign(thresholds_.size(), 0);
}

bool Metric::is_right(std::span<const float> label, std::span<const float> prediction) const {
  const bool is_sparse = kind_ == Kind::kSparse || kind_ == Kind::kSparseTopK;
  const size_t wanted = is_sparse ? static_cast<size_t>(std::max(label[0], 0.0F)) : largest(label);
  if (wanted >= prediction.size()) return false;
  if (kind_ == Kind::kCategorical || kind_ == Kind::kSparse) return largest(prediction) == wanted;
  // tf.nn.in_top_k: fewer than k are larger.
  return std::ranges::count_if(prediction, [&](float p) { return p > prediction[wanted]; }) < top_k_;
}

void Metric::update(const Tensor& labels, const Tensor& predictions) {
  const auto t = labels.values<float>();
  const auto p = predictions.values<float>();
  if (!thresholds_.empty()) {
    for (size_t i = 0; i < p.size() && i < t.size(); ++i) {
      const bool is_positive = t[i] > 0.5F;
      ++(is_positive ? n_positives_ : n_negatives_);
      auto& counts = is_positive ? true_positives_ : false_positives_;
      for (size_t k = 0; k < thresholds_.size() && p[i] > static_cast<float>(thresholds_[k]); ++k) ++counts[k];
    }
    return;
  }
  if (kind_ == Kind::kBinary || kind_ == Kind::kAbsolute || kind_ == Kind::kSquared) {
    for (size_t i = 0; i < p.size() && i < t.size(); ++i) {
      const double d = static_cast<double>(t[i]) - static_cast<double>(p[i]);
      sum_ += kind_ == Kind::kBinary     ? static_cast<double>((p[i] > 0.5F) == (t[i] > 0.5F))
              : kind_ == Kind::kAbsolute ? std::abs(d)
                                         : d * d;
    }
    n_ += static_cast<double>(p.size());
    return;
  }
  const auto width = static_cast<size_t>(predictions.shape().last());
  const size_t n = p.size() / width, label_width = t.size() / std::max<size_t>(n, 1);
  for (size_t i = 0; i < n; ++i) {
    sum_ += is_right(t.subspan(i * label_width, label_width), p.subspan(i * width, width)) ? 1 : 0;
  }
  n_ += static_cast<double>(n);
}

double Metric::result() const {
  const auto ratio = [](double a, double b) { return b == 0 ? 0 : a / b; };
  if (kind_ == Kind::kPrecision)
    return ratio(static_cast<double>(true_positives_[0]),
                 static_cast<double>(true_positives_[0] + false_positives_[0]));
  if (kind_ == Kind::kRecall) return ratio(static_cast<double>(true_positives_[0]), static_cast<double>(n_positives_));
  if (kind_ != Kind::kAuc) return ratio(sum_, n_);
  double area = 0;  // trapezoids under true over false positive rate
  for (size_t k = 0; k + 1 < thresholds_.size(); ++k) {
    const double x0 = ratio(static_cast<double>(false_positives_[k]), static_cast<double>(n_negatives_));
    const double x1 = ratio(static_cast<double>(false_positives_[k + 1]), static_cast<double>(n_negatives_));
    const double y0 = ratio(static_cast<double>(true_positives_[k]), static_cast<double>(n_positives_));
    const double y1 = ratio(static_cast<double>(true_positives_[k + 1]), static_cast<double>(n_positives_));
    area += (x0 - x1) * (y0 + y1) / 2;
  }
  return area;
}

std::vector<double> Metric::counts() const {
  std::vector<double> result{sum_, n_, static_cast<double>(n_positives_), static_cast<double>(n_negatives_)};
  for (const int64_t n : true_positives_) result.push_back(static_cast<double>(n));
  for (const int64_t n : false_positives_) result.push_back(static_cast<double>(n));
  return result;
}

void Metric::set_counts(const std::vector<double>& counts) {
  const size_t n = true_positives_.size();
  if (counts.size() != 4 + 2 * n)
    throw Error(ErrorCode::kMismatch, fmt::format("metric `{}`", name_), "its counts are another metric's");
  sum_ = counts[0];
  n_ = counts[1];
  n_positives_ = static_cast<int64_t>(counts[2]);
  n_negatives_ = static_cast<int64_t>(counts[3]);
  for (size_t i = 0; i < n; ++i) {
    true_positives_[i] = static_cast<int64_t>(counts[4 + i]);
    false_positives_[i] = static_cast<int64_t>(counts[4 + n + i]);
  }
}

}  // namespace hoarfrost::training
