// Elementwise functions of one input: a row each. Float functions are computed in double and rounded once.
#include <cmath>
#include <numbers>

#include "ops/arithmetic.h"
#include "ops/types.h"

namespace hoarfrost::ops {
namespace {

std::vector<Known> infer_unary(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return infer_as_first(node, inputs);
}

std::vector<Known> infer_predicate(const Node& node, Knowns inputs) {
  need_inputs(node, inputs.size(), 1);
  return {of_type(DType::kBool, inputs[0].shape)};
}

template <typename T, typename F>
void map(const Tensor& from, Tensor& to, F f) {
  std::ranges::transform(from.values<T>(), to.mutable_values<T>().begin(), f);
}

// f takes and gives a double.
template <auto f>
std::vector<Tensor> floats_only(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_unary(node, known(inputs))[0]);
  with_floats(node, output.dtype(), [&]<typename T>() {
    map<T>(inputs[0], output, [](T x) { return static_cast<T>(f(static_cast<double>(x))); });
  });
  return {output};
}
template <auto f>
constexpr Reference floats = through_float<floats_only<f>>;

// f takes and gives any number's type.
template <auto f>
std::vector<Tensor> any_number(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_unary(node, known(inputs))[0]);
  with_numbers(node, output.dtype(),
               [&]<typename T>() { map<T>(inputs[0], output, [](T x) { return static_cast<T>(f(x)); }); });
  return {output};
}
template <auto f>
constexpr Reference numbers = through_float<any_number<f>>;

// The derivative of log(Γ(x)): by ψ(x) = ψ(x + 1) − 1/x up to where its asymptotic series is exact to a double's last
// bits, below zero by reflection (Abramowitz and Stegun 6.3.5, 6.3.7, 6.3.18).
double digamma(double x) {
  if (x <= 0 && x == std::floor(x)) return std::nan("");
  if (x < 0) return digamma(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * x);
  double result = 0;
  for (; x < 12; x += 1) result -= 1 / x;
  const double r = 1 / (x * x);
  const double series = r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132)))));
  return result + std::log(x) - 0.5 / x - series;
}

std::vector<Tensor> inverted(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_unary(node, known(inputs))[0]);
  with_type<int32_t, int64_t, uint8_t, int8_t, int16_t, uint16_t, uint32_t, uint64_t>(
      node, output.dtype(), [&]<typename T>() { map<T>(inputs[0], output, [](T x) { return static_cast<T>(~x); }); });
  return {output};
}

// f takes a double and gives a bool.
template <auto f>
std::vector<Tensor> predicate(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_predicate(node, known(inputs))[0]);
  const Reader reader(inputs[0]);
  const auto values = output.mutable_values<bool>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = f(reader[static_cast<int64_t>(i)]);
  return {output};
}

// x for x > 0, alpha * x below (TensorFlow 2.15: alpha defaults to 0.2).
std::vector<Tensor> leaky_relu(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_unary(node, known(inputs))[0]);
  const double alpha = node.get_or<float>("alpha", 0.2f);
  with_floats(node, output.dtype(), [&]<typename T>() {
    map<T>(inputs[0], output, [alpha](T x) { return x > 0 ? x : static_cast<T>(alpha * static_cast<double>(x)); });
  });
  return {output};
}

std::vector<Tensor> logical_not(const Node& node, Tensors inputs) {
  Tensor output = allocate(node, infer_predicate(node, known(inputs))[0]);
  need_type(node, known(inputs)[0], DType::kBool);
  map<bool>(inputs[0], output, [](bool x) { return !x; });
  return {output};
}

// Klambauer et al., Self-Normalizing Neural Networks (2017).
constexpr double kSeluScale = 1.0507009873554804934193349852946;
constexpr double kSeluAlpha = 1.6732632423543772848170429916717;

template <typename T>
T negated(T x) {
  if constexpr (std::is_floating_point_v<T>)
    return -x;
  else
    return wrapping_difference(T{0}, x);
}

}  // namespace

std::span<const OpSpec> unary_ops() {
  static constexpr OpSpec kOps[] = {
      {"Relu", infer_unary, numbers<[](auto x) { return x < 0 ? decltype(x){0} : x; }>},  // NaN stays NaN
      {"Relu6", infer_unary, numbers<[](auto x) { return x < 0     ? decltype(x){0}
                                                         : (x > 6) ? decltype(x){6}
                                                                   : x; }>},
      {"Elu", infer_unary, floats<[](double x) { return x < 0 ? std::expm1(x) : x; }>},
      {"Selu", infer_unary, floats<[](double x) { return kSeluScale * (x < 0 ? kSeluAlpha * std::expm1(x) : x); }>},
      {"LeakyRelu", infer_unary, through_float<leaky_relu>},
      {"Sigmoid", infer_unary, floats<[](double x) { return 1 / (1 + std::exp(-x)); }>},
      {"Tanh", infer_unary, floats<[](double x) { return std::tanh(x); }>},
      {"Softplus", infer_unary, floats<[](double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }>},
      {"Softsign", infer_unary, floats<[](double x) { return x / (1 + std::abs(x)); }>},
      {"Exp", infer_unary, floats<[](double x) { return std::exp(x); }>},
      {"Expm1", infer_unary, floats<[](double x) { return std::expm1(x); }>},
      {"Log", infer_unary, floats<[](double x) { return std::log(x); }>},
      {"Log1p", infer_unary, floats<[](double x) { return std::log1p(x); }>},
      {"Neg", infer_unary, numbers<[](auto x) { return negated(x); }>},
      {"Abs", infer_unary, numbers<[](auto x) { return std::signbit(static_cast<double>(x)) ? negated(x) : x; }>},
      {"Sign", infer_unary,
       numbers<[](auto x) { return x < 0     ? negated(decltype(x){1})
                                   : (x > 0) ? decltype(x){1}
                                             : x; }>},
      {"Square", infer_unary, numbers<[](auto x) { return wrapping_product(x, x); }>},
      {"Sqrt", infer_unary, floats<[](double x) { return std::sqrt(x); }>},
      {"Rsqrt", infer_unary, floats<[](double x) { return 1 / std::sqrt(x); }>},
      {"Reciprocal", infer_unary, floats<[](double x) { return 1 / x; }>},
      {"Inv", infer_unary, floats<[](double x) { return 1 / x; }>},
      {"Erf", infer_unary, floats<[](double x) { return std::erf(x); }>},
      {"Erfc", infer_unary, floats<[](double x) { return std::erfc(x); }>},
      {"Lgamma", infer_unary, floats<[](double x) { return std::lgamma(x); }>},
      {"Digamma", infer_unary, floats<digamma>},
      {"Invert", infer_unary, inverted},
      {"Floor", infer_unary, floats<[](double x) { return std::floor(x); }>},
      {"Ceil", infer_unary, floats<[](double x) { return std::ceil(x); }>},
      {"Rint", infer_unary, floats<[](double x) { return std::nearbyint(x); }>},  // half to even
      {"Round", infer_unary, numbers<[](auto x) {
         if constexpr (std::is_floating_point_v<decltype(x)>)
           return std::nearbyint(x);
         else
           return x;
       }>},
      {"Sin", infer_unary, floats<[](double x) { return std::sin(x); }>},
      {"Cos", infer_unary, floats<[](double x) { return std::cos(x); }>},
      {"Tan", infer_unary, floats<[](double x) { return std::tan(x); }>},
      {"Sinh", infer_unary, floats<[](double x) { return std::sinh(x); }>},
      {"Cosh", infer_unary, floats<[](double x) { return std::cosh(x); }>},
      {"Asin", infer_unary, floats<[](double x) { return std::asin(x); }>},
      {"Acos", infer_unary, floats<[](double x) { return std::acos(x); }>},
      {"Atan", infer_unary, floats<[](double x) { return std::atan(x); }>},
      {"Asinh", infer_unary, floats<[](double x) { return std::asinh(x); }>},
      {"Acosh", infer_unary, floats<[](double x) { return std::acosh(x); }>},
      {"Atanh", infer_unary, floats<[](double x) { return std::atanh(x); }>},
      {"IsNan", infer_predicate, predicate<[](double x) { return std::isnan(x); }>},
      {"IsInf", infer_predicate, predicate<[](double x) { return std::isinf(x); }>},
      {"IsFinite", infer_predicate, predicate<[](double x) { return std::isfinite(x); }>},
      {"LogicalNot", infer_predicate, logical_not},
  };
  return kOps;
}

}  // namespace hoarfrost::ops
