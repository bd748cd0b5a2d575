// What a classifier got right and wrong on labelled examples: every number of the reports. docs/evaluation.md has the
// formulas.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace hoarfrost::evaluation {

// One class against all others. Where a quotient is 0/0 it is 0, as scikit-learn's zero_division=0 has it.
struct ClassScore {
  std::string name;       // as the data set calls it, else its label
  int64_t examples = 0;   // with this label
  int64_t predicted = 0;  // taken for this class
  int64_t right = 0;      // both
  double precision = 0;   // right / predicted
  double recall = 0;      // right / examples
  double f1 = 0;          // harmonic mean of the two
  // By the thresholds of ScoreCounts; NaN without examples of the class, or (area) without others.
  double roc_area = 0;
  double average_precision = 0;
};

// Means over the classes that have examples or were predicted, as scikit-learn's default labels are.
struct AverageScore {
  double precision = 0;
  double recall = 0;
  double f1 = 0;
};

// How many examples had a score in each of the bins [threshold(b), threshold(b + 1)): of those whose answer is yes, and
// of the others. The thresholds stand an eighth of an octave apart, in p below 1/2 and in 1 - p above it: a softmax
// crowds at both ends.
struct ScoreCounts {
  static constexpr int kBins = 386;
  static double threshold(int bin);  // of 0 … kBins; the last is above every probability
  static int bin_of(double probability);
  std::vector<int64_t> yes = std::vector<int64_t>(kBins);
  std::vector<int64_t> no = std::vector<int64_t>(kBins);
};

struct Point {
  double x = 0;
  double y = 0;
};
// True positive rate over false positive rate, from (0, 0) to (1, 1); empty when either kind has no examples.
std::vector<Point> roc_curve(std::span<const int64_t> yes, std::span<const int64_t> no);
// Precision over recall, by falling threshold; empty without examples of the class.
std::vector<Point> precision_recall_curve(std::span<const int64_t> yes, std::span<const int64_t> no);
// Accuracy over coverage: of the examples whose confidence is at least each threshold, the part that is right.
std::vector<Point> coverage_curve(const ScoreCounts& confidence);
// Under the curve, by trapezoids; NaN for an empty one.
double area_under(std::span<const Point> curve);
// Sum of (recall_i - recall_{i-1}) * precision_i, as scikit-learn's average_precision_score; NaN for an empty one.
double average_precision(std::span<const Point> curve);

// Examples whose confidence (the largest probability) lies in [i, i + 1) / number of bins.
struct ReliabilityBin {
  int64_t examples = 0;
  int64_t right = 0;
  double confidence_sum = 0;
};

// An example that got another class than its label.
struct Mistake {
  int64_t example = 0;  // of the data set's, from 0
  int64_t label = 0;
  int64_t prediction = 0;
  double confidence = 0;        // the prediction's probability
  double label_confidence = 0;  // the label's
  double loss = 0;
  std::string name;  // DataSet::example_name
  Tensor picture;    // uint8 [height, width, 1 | 3]; empty where examples are no pictures
};

struct Evaluation {
  double accuracy = 0;  // the largest output is the label's (one output unit: above 0.5 means class 1)
  double top_k_accuracy = 0;
  double loss = 0;  // Keras' categorical (one unit: binary) cross-entropy of probabilities, clipped to [1e-7, 1 - 1e-7]
  int64_t examples = 0;
  double seconds = 0;  // wall time of the loop, compiling and reading included
  int64_t n_classes = 0;
  int top_k = 0;                   // min(options.top_k, n_classes)
  std::vector<int64_t> confusion;  // [n_classes, n_classes], rows are labels, columns predictions; without examples
                                   // whose outputs are NaN; empty above kMaxConfusionClasses
  static constexpr int64_t kMaxConfusionClasses = 4096;
  [[nodiscard]] int64_t count(int64_t label, int64_t prediction) const {
    return confusion[static_cast<size_t>(label * n_classes + prediction)];
  }
  [[nodiscard]] int64_t n_examples_of(int64_t label) const { return classes[static_cast<size_t>(label)].examples; }

  int64_t right = 0;
  int64_t top_k_right = 0;
  // Examples with a NaN among their outputs: wrong, with the largest loss there is, whatever their label.
  int64_t n_nan = 0;
  std::string first_nan;  // the first one's name
  std::vector<ClassScore> classes;
  AverageScore macro;          // every class alike
  AverageScore weighted;       // by the classes' examples
  std::vector<Mistake> worst;  // the mistakes of the largest loss first

  std::vector<ReliabilityBin> reliability;
  double calibration_error = 0;  // expected (ECE): Guo et al. 2017, "On Calibration of Modern Neural Networks", 15 bins
  ScoreCounts confidence;        // yes: right
  ScoreCounts pooled;            // every class' probabilities together ("micro"); yes: the label's
  std::vector<ScoreCounts> by_class;  // empty above kMaxConfusionClasses
};

}  // namespace hoarfrost::evaluation
