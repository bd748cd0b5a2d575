// What reports find in the counts.
#include <algorithm>
#include <cmath>

#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation {

std::vector<Confusion> most_frequent_confusions(const Evaluation& evaluation, size_t n) {
  std::vector<Confusion> found;
  for (size_t i = 0; i < evaluation.confusion.size(); ++i) {
    const auto label = static_cast<int64_t>(i) / evaluation.n_classes;
    const auto prediction = static_cast<int64_t>(i) % evaluation.n_classes;
    if (label != prediction && evaluation.confusion[i] > 0)
      found.push_back({label, prediction, evaluation.confusion[i]});
  }
  n = std::min(n, found.size());
  std::ranges::stable_sort(found, std::greater(), &Confusion::examples);
  found.resize(n);
  return found;
}

Interval wilson_interval(int64_t right, int64_t n) {
  if (n == 0) return {};
  constexpr double kZ = 1.959963984540054;  // the normal distribution's 97.5 % quantile
  const auto count = static_cast<double>(n);
  const double p = static_cast<double>(right) / count;
  const double middle = p + kZ * kZ / (2 * count);
  const double half = kZ * std::sqrt(p * (1 - p) / count + kZ * kZ / (4 * count * count));
  const double scale = 1 + kZ * kZ / count;
  return {std::max((middle - half) / scale, 0.0), std::min((middle + half) / scale, 1.0)};
}

const std::string& class_name(const Evaluation& evaluation, int64_t label) {
  return evaluation.classes[static_cast<size_t>(label)].name;
}

}  // namespace hoarfrost::evaluation
