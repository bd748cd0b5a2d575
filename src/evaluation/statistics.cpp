#include "evaluation/statistics.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "evaluation/bytes.h"

namespace hoarfrost::evaluation {
namespace {

constexpr double kEpsilon = 1e-7;  // Keras' backend.epsilon()
constexpr size_t kReliabilityBins = 15;
constexpr size_t kBins = ScoreCounts::kBins;
constexpr int64_t kNoNan = std::numeric_limits<int64_t>::max();

// Where each section of the counts begins.
constexpr size_t kReliability = 4;
constexpr size_t kConfidence = kReliability + 2 * kReliabilityBins;
constexpr size_t kPooled = kConfidence + 2 * kBins;
constexpr size_t kClasses = kPooled + 2 * kBins;
constexpr size_t confusion_offset(int64_t n_classes) { return kClasses + 3 * static_cast<size_t>(n_classes); }
constexpr size_t scores_offset(int64_t n_classes) {
  return confusion_offset(n_classes) + static_cast<size_t>(n_classes) * static_cast<size_t>(n_classes);
}

double clipped(double probability) { return std::clamp(probability, kEpsilon, 1 - kEpsilon); }

bool is_worse(const Mistake& a, const Mistake& b) {
  if (a.loss != b.loss) return a.loss > b.loss;
  if (a.confidence != b.confidence) return a.confidence > b.confidence;  // losses are clipped
  return a.example < b.example;
}

// The outputs as probabilities: scaled to the sum 1, as Keras' loss does; where one is negative (a network that ends in
// logits), their softmax.
void to_probabilities(std::span<const double> outputs, double sum, std::vector<double>& p) {
  const double largest = *std::ranges::max_element(outputs);
  const bool is_distribution =
      std::isfinite(sum) && sum > 0 && std::ranges::none_of(outputs, [](double y) { return y < 0; });
  p.assign(outputs.begin(), outputs.end());
  if (is_distribution) {
    for (double& value : p) value /= sum;
    return;
  }
  double total = 0;
  for (double& value : p) {
    value = value == largest ? 1 : std::exp(value - largest);  // infinity less infinity is none
    total += value;
  }
  for (double& value : p) value /= total;
}

}  // namespace

struct Statistics::Row {
  int64_t example = 0;
  int64_t label = 0;
  int64_t prediction = -1;  // NaN
  bool is_in_top_k = false;
  double loss = 0;
};

Statistics::Statistics(int64_t n_units, int top_k, int n_worst)
    : n_units_(n_units),
      n_classes_(n_units == 1 ? 2 : n_units),
      top_k_(static_cast<int>(std::min<int64_t>(std::max(top_k, 1), n_classes_))),
      n_worst_(static_cast<size_t>(std::max(n_worst, 0))),
      has_tables_(n_classes_ <= Evaluation::kMaxConfusionClasses),
      sums_(1 + kReliabilityBins),
      first_nan_(kNoNan),
      probabilities_(static_cast<size_t>(n_classes_)) {
  const size_t n_scores = 2 * kBins * static_cast<size_t>(n_classes_);
  counts_.resize(has_tables_ ? scores_offset(n_classes_) + n_scores : confusion_offset(n_classes_));
}

void Statistics::add(const Tensor& outputs, std::span<const int64_t> labels, int64_t first_example,
                     const Pictures& pictures) {
  if (outputs.n_elements() != static_cast<int64_t>(labels.size()) * n_units_) {
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected {} outputs for each of {} examples, found an output of shape {}", n_units_,
                            labels.size(), outputs.shape().to_string()));
  }
  const Reader reader(outputs);
  std::vector<double> values(static_cast<size_t>(n_units_));
  predictions_.clear();
  for (size_t i = 0; i < labels.size(); ++i) {
    for (size_t c = 0; c < values.size(); ++c) values[c] = reader[static_cast<int64_t>(i * values.size() + c)];
    const Row row = read_row(values, labels[i], first_example + static_cast<int64_t>(i));
    add_row(row);
    if (row.prediction >= 0 && row.prediction != row.label) keep(row, static_cast<int64_t>(i), pictures);
    predictions_.push_back(row.prediction);
  }
}

Statistics::Row Statistics::read_row(std::span<const double> outputs, int64_t label, int64_t example) {
  Row row{example, label, -1, false, -std::log(kEpsilon)};
  if (std::ranges::any_of(outputs, [](double y) { return std::isnan(y); })) return row;
  if (n_units_ == 1) {  // Keras 2.15's backend.binary_crossentropy
    row.prediction = outputs[0] > 0.5 ? 1 : 0;
    row.is_in_top_k = top_k_ > 1 || row.prediction == label;
    const double p = clipped(outputs[0]);
    row.loss = -std::log((label == 1 ? p : 1 - p) + kEpsilon);
    const double unclipped = std::clamp(outputs[0], 0.0, 1.0);
    probabilities_ = {1 - unclipped, unclipped};
    return row;
  }
  double sum = 0;
  int n_larger = 0;
  size_t prediction = 0;
  const double own = outputs[static_cast<size_t>(label)];
  for (size_t c = 0; c < outputs.size(); ++c) {
    sum += outputs[c];
    if (outputs[c] > outputs[prediction]) prediction = c;
    if (outputs[c] > own) ++n_larger;
  }
  row.prediction = static_cast<int64_t>(prediction);
  row.is_in_top_k = n_larger < top_k_;
  to_probabilities(outputs, sum, probabilities_);
  // Keras 2.15's backend.categorical_crossentropy: outputs are scaled to the sum 1, then clipped.
  const double scaled = own / sum;
  row.loss = -std::log(clipped(std::isnan(scaled) ? probabilities_[static_cast<size_t>(label)] : scaled));
  return row;
}

void Statistics::add_row(const Row& row) {
  const auto n = static_cast<size_t>(n_classes_);
  const auto label = static_cast<size_t>(row.label);
  ++counts_[kExamples];
  ++counts_[kClasses + label];
  sums_[0] += row.loss;
  if (row.prediction < 0) {
    ++counts_[kNan];
    first_nan_ = std::min(first_nan_, row.example);
    return;
  }
  const auto prediction = static_cast<size_t>(row.prediction);
  const bool is_right = prediction == label;
  counts_[kRight] += is_right ? 1 : 0;
  counts_[kTopKRight] += row.is_in_top_k ? 1 : 0;
  ++counts_[kClasses + n + prediction];
  if (is_right) ++counts_[kClasses + 2 * n + label];
  const double confidence = probabilities_[prediction];
  const auto bin = std::min(static_cast<size_t>(confidence * kReliabilityBins), kReliabilityBins - 1);
  ++counts_[kReliability + bin];
  if (is_right) ++counts_[kReliability + kReliabilityBins + bin];
  sums_[1 + bin] += confidence;
  ++counts_[kConfidence + (is_right ? 0 : kBins) + static_cast<size_t>(ScoreCounts::bin_of(confidence))];
  if (has_tables_) ++counts_[confusion_offset(n_classes_) + label * n + prediction];
  for (size_t c = 0; c < n; ++c) {
    const size_t place = (c == label ? 0 : kBins) + static_cast<size_t>(ScoreCounts::bin_of(probabilities_[c]));
    ++counts_[(has_tables_ ? scores_offset(n_classes_) + 2 * kBins * c : kPooled) + place];
  }
}

void Statistics::keep(const Row& row, int64_t place, const Pictures& pictures) {
  Mistake mistake;
  mistake.example = row.example;
  mistake.label = row.label;
  mistake.prediction = row.prediction;
  mistake.loss = row.loss;
  mistake.confidence = probabilities_[static_cast<size_t>(row.prediction)];
  mistake.label_confidence = probabilities_[static_cast<size_t>(row.label)];
  if (n_worst_ == 0 || (worst_.size() == n_worst_ && !is_worse(mistake, worst_.back()))) return;
  if (pictures) mistake.picture = pictures(place);
  insert(std::move(mistake));
}

void Statistics::insert(Mistake mistake) {
  const auto place = std::ranges::upper_bound(worst_, mistake, is_worse);
  worst_.insert(place, std::move(mistake));
  if (worst_.size() > n_worst_) worst_.pop_back();
}

void Statistics::merge(const Statistics& other) {
  if (other.counts_.size() != counts_.size())
    throw Error(ErrorCode::kMismatch, "", "statistics of different numbers of classes cannot be added");
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += other.sums_[i];
  first_nan_ = std::min(first_nan_, other.first_nan_);
  for (const Mistake& mistake : other.worst_) insert(mistake);
}

std::string Statistics::serialized() const {
  ByteWriter out;
  out.put(static_cast<int64_t>(counts_.size()));
  out.put_all<int64_t>(counts_);
  out.put_all<double>(sums_);
  out.put(first_nan_);
  out.put(static_cast<int64_t>(worst_.size()));
  for (const Mistake& mistake : worst_) {
    out.put_all<int64_t>(std::vector<int64_t>{mistake.example, mistake.label, mistake.prediction});
    out.put_all<double>(std::vector<double>{mistake.confidence, mistake.label_confidence, mistake.loss});
    const Shape shape = mistake.picture.empty() ? Shape{0, 0, 0} : mistake.picture.shape();
    out.put_all<int64_t>(std::vector<int64_t>(shape.sizes().begin(), shape.sizes().end()));
    if (!mistake.picture.empty()) out.put_all<uint8_t>(mistake.picture.values<uint8_t>());
  }
  return out.take();
}

void Statistics::merge_serialized(std::string_view bytes) {
  Statistics other(n_units_, top_k_, static_cast<int>(n_worst_));
  ByteReader in(bytes);
  if (in.get<int64_t>() != static_cast<int64_t>(counts_.size()))
    throw Error(ErrorCode::kMismatch, "", "statistics of different numbers of classes cannot be added");
  in.get_all<int64_t>(other.counts_);
  in.get_all<double>(other.sums_);
  other.first_nan_ = in.get<int64_t>();
  const auto n_mistakes = in.get<int64_t>();
  for (int64_t i = 0; i < n_mistakes; ++i) {
    Mistake mistake;
    for (int64_t* value : {&mistake.example, &mistake.label, &mistake.prediction}) *value = in.get<int64_t>();
    for (double* value : {&mistake.confidence, &mistake.label_confidence, &mistake.loss}) *value = in.get<double>();
    Shape shape;
    for (int axis = 0; axis < 3; ++axis) shape.push_back(in.get<int64_t>());
    if (shape.n_elements() > 0) {
      mistake.picture = Tensor(DType::kUInt8, shape);
      in.get_all<uint8_t>(mistake.picture.mutable_values<uint8_t>());
    }
    other.worst_.push_back(std::move(mistake));
  }
  merge(other);
}

std::optional<int64_t> Statistics::first_nan() const {
  return first_nan_ == kNoNan ? std::nullopt : std::optional(first_nan_);
}

std::string Statistics::text() const {
  const auto n = static_cast<double>(std::max<int64_t>(counts_[kExamples], 1));
  return fmt::format("accuracy: {:.4f}", static_cast<double>(counts_[kRight]) / n);
}

void Statistics::fill_classes(Evaluation& result) const {
  const auto quotient = [](double a, double b) { return b == 0 ? 0 : a / b; };
  const auto n = static_cast<size_t>(n_classes_);
  double n_seen = 0;
  for (size_t c = 0; c < n; ++c) {
    ClassScore score;
    score.name = std::to_string(c);
    score.examples = counts_[kClasses + c];
    score.predicted = counts_[kClasses + n + c];
    score.right = counts_[kClasses + 2 * n + c];
    const auto right = static_cast<double>(score.right);
    const auto examples = static_cast<double>(score.examples);
    score.precision = quotient(right, static_cast<double>(score.predicted));
    score.recall = quotient(right, examples);
    score.f1 = quotient(2 * right, static_cast<double>(score.predicted + score.examples));
    score.roc_area = std::nan("");
    score.average_precision = std::nan("");
    if (score.examples + score.predicted > 0) {
      ++n_seen;
      const std::array<double, 3> values{score.precision, score.recall, score.f1};
      const std::array<double*, 3> macro{&result.macro.precision, &result.macro.recall, &result.macro.f1};
      const std::array<double*, 3> weighted{&result.weighted.precision, &result.weighted.recall, &result.weighted.f1};
      for (size_t i = 0; i < values.size(); ++i) {
        *macro[i] += values[i];
        *weighted[i] += values[i] * examples;
      }
    }
    result.classes.push_back(std::move(score));
  }
  const auto n_examples = static_cast<double>(result.examples);
  for (double* value : {&result.macro.precision, &result.macro.recall, &result.macro.f1})
    *value = quotient(*value, n_seen);
  for (double* value : {&result.weighted.precision, &result.weighted.recall, &result.weighted.f1})
    *value = quotient(*value, n_examples);
}

void Statistics::fill_curves(Evaluation& result) const {
  const auto scores_at = [&](size_t offset) {
    ScoreCounts scores;
    std::ranges::copy(section(offset, kBins), scores.yes.begin());
    std::ranges::copy(section(offset + kBins, kBins), scores.no.begin());
    return scores;
  };
  double error = 0;
  for (size_t bin = 0; bin < kReliabilityBins; ++bin) {
    const ReliabilityBin value{counts_[kReliability + bin], counts_[kReliability + kReliabilityBins + bin],
                               sums_[1 + bin]};
    error += std::abs(static_cast<double>(value.right) - value.confidence_sum);
    result.reliability.push_back(value);
  }
  result.calibration_error = error / static_cast<double>(std::max<int64_t>(result.examples - result.n_nan, 1));
  result.confidence = scores_at(kConfidence);
  result.pooled = scores_at(kPooled);
  if (!has_tables_) return;
  for (size_t c = 0; c < result.classes.size(); ++c) {
    result.by_class.push_back(scores_at(scores_offset(n_classes_) + 2 * kBins * c));
    const ScoreCounts& own = result.by_class.back();
    for (size_t bin = 0; bin < kBins; ++bin) {
      result.pooled.yes[bin] += own.yes[bin];
      result.pooled.no[bin] += own.no[bin];
    }
    result.classes[c].roc_area = area_under(roc_curve(own.yes, own.no));
    result.classes[c].average_precision = average_precision(precision_recall_curve(own.yes, own.no));
  }
}

Evaluation Statistics::result() const {
  Evaluation result;
  result.examples = counts_[kExamples];
  result.right = counts_[kRight];
  result.top_k_right = counts_[kTopKRight];
  result.n_nan = counts_[kNan];
  const auto n = static_cast<double>(std::max<int64_t>(result.examples, 1));
  result.accuracy = static_cast<double>(result.right) / n;
  result.top_k_accuracy = static_cast<double>(result.top_k_right) / n;
  result.loss = sums_[0] / n;
  result.n_classes = n_classes_;
  result.top_k = top_k_;
  result.worst = worst_;
  if (has_tables_) {
    const auto confusion = section(confusion_offset(n_classes_), static_cast<size_t>(n_classes_ * n_classes_));
    result.confusion.assign(confusion.begin(), confusion.end());
  }
  fill_classes(result);
  fill_curves(result);
  return result;
}

}  // namespace hoarfrost::evaluation
