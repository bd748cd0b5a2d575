#include "evaluation/compare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cfloat>
#include <cmath>
#include <functional>
#include <limits>

#include "evaluation/sample.h"

namespace hoarfrost::evaluation {
namespace {

constexpr double kElementOverhead = 10;   // multiplications that an index and a call take the time of
constexpr double kRoundings = 64;         // roundings of its result's size that a layer may do besides its sums
constexpr double kFunctionRoundings = 4;  // roundings of size one: functions pass values near one (exp(x) - 1)
constexpr double kOutputRounding = 1e-4;  // of a whole model, relative
constexpr int kTrials = 8;                // perturbations by which an element's condition is measured
constexpr double kTrialMargin = 16;   // times the largest change that they make, or sqrt(n) of a sum of more products
constexpr size_t kMaxSuspects = 256;  // elements whose condition is measured

constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool is_float(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

// Half the distance from one to the next number.
double unit_roundoff(DType dtype) {
  if (dtype == DType::kFloat16) return 0x1p-11;
  if (dtype == DType::kBFloat16) return 0x1p-8;
  return is_float(dtype) ? 0x1p-24 : 0;  // float64 outputs come from float32 weights
}

// The roundoff of the coarsest type that the layer touches.
double unit_roundoff(const LayerCheck& check, DType output) {
  double result = unit_roundoff(output);
  if (result == 0) return 0;
  for (const Tensor& input : check.layer.inputs) result = std::max(result, unit_roundoff(input.dtype()));
  for (const Tensor& weight : check.layer.call->weights) result = std::max(result, unit_roundoff(weight.dtype()));
  return result;
}

// As the type would hold it: infinite beyond its range.
double in_range(double value, DType dtype) {
  const double limit = dtype == DType::kFloat16 ? 65504 : dtype == DType::kFloat64 ? DBL_MAX : FLT_MAX;
  return is_float(dtype) && std::abs(value) > limit ? std::copysign(kInfinity, value) : value;
}

// NaN and infinity equal only their own kind.
double difference(double expected, double found) {
  if (expected == found || (std::isnan(expected) && std::isnan(found))) return 0;
  const double result = std::abs(expected - found);
  return std::isfinite(result) ? result : kInfinity;
}

// Root mean squares of the finite expected values, for each index of the first axis: examples may differ in magnitude.
class Scales {
 public:
  Scales(const Shape& shape, const std::vector<int64_t>& offsets, const std::vector<double>& expected) {
    n_rows_ = shape.rank() > 1 ? shape[0] : 1;
    n_row_ = std::max<int64_t>(shape.n_elements() / std::max<int64_t>(n_rows_, 1), 1);
    sums_.resize(static_cast<size_t>(n_rows_));
    std::vector<double> counts(sums_.size());
    for (size_t i = 0; i < offsets.size(); ++i) {
      if (!std::isfinite(expected[i])) continue;
      sums_[row(offsets[i])] += expected[i] * expected[i];
      counts[row(offsets[i])] += 1;
    }
    for (size_t r = 0; r < sums_.size(); ++r) sums_[r] = std::sqrt(sums_[r] / std::max(counts[r], 1.0));
  }
  [[nodiscard]] double at(int64_t offset) const { return sums_[row(offset)]; }

 private:
  [[nodiscard]] size_t row(int64_t offset) const { return static_cast<size_t>(offset / n_row_); }
  int64_t n_rows_ = 1;
  int64_t n_row_ = 1;
  std::vector<double> sums_;
};

struct Suspect {
  int64_t offset = 0;
  double expected = 0;
  double found = 0;
  double tolerance = 0;
  [[nodiscard]] double excess() const { return difference(expected, found) / std::max(tolerance, DBL_MIN); }
};

std::string place(const Shape& shape, int64_t offset, size_t output, size_t n_outputs) {
  const keras::Index index = keras::Index::at_offset(shape, offset);
  std::vector<int64_t> positions;
  for (int axis = 0; axis < index.rank(); ++axis) positions.push_back(index[axis]);
  return fmt::format("{}element [{}]", n_outputs > 1 ? fmt::format("output {}, ", output) : "",
                     fmt::join(positions, ", "));
}

// The differences of one output's elements, summed up in the comparison; returns those beyond the tolerance.
template <typename Tolerance>
std::vector<Suspect> differences(Comparison& comparison, const std::vector<int64_t>& offsets,
                                 const std::vector<double>& expected, const Tensor& found, const Tolerance& tolerance) {
  const Reader reader(found);
  std::vector<Suspect> suspects;
  double largest = 0;
  double max_abs = 0;
  for (size_t i = 0; i < offsets.size(); ++i) {
    const double value = reader[offsets[i]];
    const double error = difference(expected[i], value);
    const double allowed = tolerance(i);
    max_abs = std::max(max_abs, error);
    if (std::isfinite(expected[i])) largest = std::max(largest, std::abs(expected[i]));
    if (!(error <= allowed)) suspects.push_back({offsets[i], expected[i], value, allowed});
  }
  comparison.n_compared += static_cast<int64_t>(offsets.size());
  comparison.n_elements += found.n_elements();
  comparison.max_abs = std::max(comparison.max_abs, max_abs);
  comparison.max_rel = std::max(comparison.max_rel, largest == 0 ? max_abs : max_abs / largest);
  return suspects;
}

// The worst half of the suspects that can be measured, and others at random.
void select(std::vector<Suspect>& suspects, Random& random) {
  std::ranges::sort(suspects, std::greater<>(), &Suspect::excess);
  if (suspects.size() <= kMaxSuspects) return;
  for (size_t i = kMaxSuspects / 2; i < kMaxSuspects; ++i) {
    std::swap(suspects[i], suspects[i + static_cast<size_t>(random.below(static_cast<int64_t>(suspects.size() - i)))]);
  }
  suspects.resize(kMaxSuspects);
}

// Adds to each suspect's tolerance what perturbed inputs and weights do to its element. A value that jumps (a
// threshold, an argmax, a kind of infinity) may be on either side. The trials move each of a sum's n terms by a
// rounding of its own size; a sum also rounds its n partial sums, which grow to sqrt(n) terms even where signs are
// random.
void measure_condition(const LayerCheck& check, size_t output, double roundoff, std::vector<Suspect>& suspects,
                       uint64_t seed) {
  std::vector<double> changes(suspects.size());
  for (int trial = 1; trial <= kTrials; ++trial) {
    const auto perturbed = formulas(check.layer, {2 * roundoff, seed + static_cast<uint64_t>(trial)});
    const keras::Formula& formula = perturbed.at(output);
    for (size_t i = 0; i < suspects.size(); ++i) {
      keras::Array::restart_perturbations();
      const double value = in_range(formula.at(keras::Index::at_offset(formula.shape, suspects[i].offset)),
                                    check.outputs[output].dtype());
      changes[i] = std::max(changes[i], difference(suspects[i].expected, value));
    }
  }
  const double margin = std::max(kTrialMargin, std::sqrt(formulas(check.layer, {}).at(output).cost));
  for (size_t i = 0; i < suspects.size(); ++i) suspects[i].tolerance += margin * changes[i];
}

void diverges(Comparison& comparison, std::string text) {
  if (comparison.equal) comparison.divergence = std::move(text);
  comparison.equal = false;
}

void judge(Comparison& comparison, const std::vector<Suspect>& suspects, const Shape& shape, size_t output,
           size_t n_outputs) {
  const auto is_wrong = [](const Suspect& s) { return !(difference(s.expected, s.found) <= s.tolerance); };
  const auto n_wrong = std::ranges::count_if(suspects, is_wrong);
  if (n_wrong == 0) return;
  const auto worst =
      std::ranges::max_element(suspects, {}, [&](const Suspect& s) { return is_wrong(s) ? s.excess() : -1; });
  diverges(comparison, fmt::format("{}: expected {:.9g}, found {:.9g} (rounding explains {:.2g})",
                                   place(shape, worst->offset, output, n_outputs), worst->expected, worst->found,
                                   worst->tolerance));
}

std::vector<double> evaluated(const keras::Formula& formula, const std::vector<int64_t>& offsets, DType dtype) {
  std::vector<double> values;
  values.reserve(offsets.size());
  for (const int64_t offset : offsets)
    values.push_back(in_range(formula.at(keras::Index::at_offset(formula.shape, offset)), dtype));
  return values;
}

double element_cost(const keras::Formula& formula) { return formula.cost + kElementOverhead; }

// Text is equal or not.
void compare_texts(Comparison& comparison, const Shape& shape,
                   const std::function<std::string(const keras::Index&)>& expected, const Tensor& found, size_t output,
                   size_t n_outputs) {
  const int64_t n = found.n_elements();
  comparison.n_compared += n;
  comparison.n_elements += n;
  for (int64_t i = 0; i < n; ++i) {
    const std::string meant = expected(keras::Index::at_offset(shape, i));
    const std::string& there = found.strings()[static_cast<size_t>(i)];
    if (meant == there) continue;
    comparison.max_abs = comparison.max_rel = 1;
    return diverges(comparison,
                    fmt::format("{}: expected `{}`, found `{}`", place(shape, i, output, n_outputs), meant, there));
  }
}

void compare_one(Comparison& comparison, const LayerCheck& check, const keras::Formula& formula, size_t output,
                 int64_t n, Random& random, const Allowed& allowed) {
  const Tensor& found = check.outputs[output];
  const auto offsets = sample_offsets(formula.shape, n, random);
  const auto expected = evaluated(formula, offsets, found.dtype());
  const double roundoff = unit_roundoff(check, found.dtype());
  const Scales scales(formula.shape, offsets, expected);
  // A sum of n products of floats is wrong by about sqrt(n) roundings (Higham and Mary 2019).
  const double relative = roundoff * (kRoundings + std::sqrt(formula.cost));
  const auto tolerance = [&](size_t i) {
    const double size = std::isfinite(expected[i]) ? std::max(std::abs(expected[i]), scales.at(offsets[i])) : 0;
    return relative * size + roundoff * kFunctionRoundings;
  };
  auto suspects = differences(comparison, offsets, expected, found, tolerance);
  if (suspects.empty()) return;
  select(suspects, random);
  measure_condition(check, output, std::max(roundoff, 0x1p-24), suspects, random.bits());
  if (!allowed.empty()) {
    for (Suspect& suspect : suspects)
      suspect.tolerance = std::max(suspect.tolerance, allowed[output][static_cast<size_t>(suspect.offset)]);
  }
  judge(comparison, suspects, formula.shape, output, check.outputs.size());
}

}  // namespace

double total_cost(const LayerCheck& check) {
  double sum = 0;
  for (const auto& formula : formulas(check.layer))
    sum += element_cost(formula) * static_cast<double>(formula.shape.n_elements());
  return sum;
}

Comparison compare_layer(const LayerCheck& check, double budget, uint64_t seed, const Allowed& allowed) {
  Comparison comparison;
  comparison.name = check.layer.call->layer_name;
  comparison.class_name = check.layer.call->class_name;
  const auto reference = formulas(check.layer);
  if (reference.size() != check.outputs.size()) {
    diverges(comparison, fmt::format("expected {} outputs, found {}", reference.size(), check.outputs.size()));
    return comparison;
  }
  Random random(seed);
  const double total = total_cost(check);
  for (size_t o = 0; o < reference.size(); ++o) {
    const keras::Formula& formula = reference[o];
    if (formula.shape != check.outputs[o].shape()) {
      diverges(comparison, fmt::format("expected the shape {}, found {}", formula.shape.to_string(),
                                       check.outputs[o].shape().to_string()));
      continue;
    }
    if ((check.outputs[o].dtype() == DType::kString) != static_cast<bool>(formula.text)) {
      diverges(comparison, fmt::format("expected {}, found {} values", formula.text ? "text" : "numbers",
                                       dtype_name(check.outputs[o].dtype())));
      continue;
    }
    if (formula.text) {
      compare_texts(comparison, formula.shape, formula.text, check.outputs[o], o, reference.size());
      continue;
    }
    const auto n_elements = static_cast<double>(formula.shape.n_elements());
    const bool is_whole = budget >= total;
    const auto n = is_whole ? formula.shape.n_elements() : static_cast<int64_t>(n_elements * budget / total);
    compare_one(comparison, check, formula, o, n, random, allowed);
  }
  return comparison;
}

bool is_near(const Tensor& expected, const Tensor& found) { return compare_output("", expected, found, {}).equal; }

Comparison compare_output(const std::string& name, const Tensor& expected, const Tensor& found,
                          const std::vector<double>& allowed) {
  Comparison comparison;
  comparison.name = name;
  if (expected.shape() != found.shape()) {
    diverges(comparison,
             fmt::format("expected the shape {}, found {}", expected.shape().to_string(), found.shape().to_string()));
    return comparison;
  }
  if (expected.dtype() == DType::kString && found.dtype() == DType::kString) {
    const auto text = [&](const keras::Index& i) {
      return expected.strings()[static_cast<size_t>(i.offset(expected.shape()))];
    };
    compare_texts(comparison, expected.shape(), text, found, 0, 1);
    return comparison;
  }
  const Reader reader(expected);
  Random random(0);
  const auto offsets = sample_offsets(expected.shape(), expected.n_elements(), random);
  std::vector<double> values;
  for (const int64_t offset : offsets) values.push_back(in_range(reader[offset], found.dtype()));
  const Scales scales(expected.shape(), offsets, values);
  const double relative =
      is_float(found.dtype()) ? std::max(kOutputRounding, unit_roundoff(found.dtype()) * kRoundings) : 0;
  const auto tolerance = [&](size_t i) {
    const double size = std::isfinite(values[i]) ? std::max(std::abs(values[i]), scales.at(offsets[i])) : 0;
    return relative * size + (is_float(found.dtype()) ? 0x1p-22 : 0) + (allowed.empty() ? 0 : allowed[i]);
  };
  judge(comparison, differences(comparison, offsets, values, found, tolerance), expected.shape(), 0, 1);
  return comparison;
}

}  // namespace hoarfrost::evaluation
