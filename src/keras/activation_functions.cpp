#include "keras/activation_functions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numbers>
#include <vector>

#include "keras/activations.h"

namespace hoarfrost::keras {
namespace {

// SELU's constants: Klambauer et al., Self-Normalizing Neural Networks, 2017, as TensorFlow rounds them.
constexpr double kSeluScale = 1.0507009873554804934193349852946;
constexpr double kSeluAlpha = 1.6732632423543772848170429916717;
constexpr double kShrink = 0.5;  // Keras 3's default threshold of hard_shrink and soft_shrink
constexpr double kGeluCubic = 0.044715;

double sigmoid(double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }
double relu6(double x) { return std::clamp(x, 0.0, 6.0); }
double elu(double x) { return x > 0 ? x : std::expm1(x); }

Value times(Lowering& l, std::string_view name, double factor, const Value& x) {
  return l.named_op(name, "Mul", {l.scalar(fmt::format("{}/x", name), factor, x), x});
}
Value plus(Lowering& l, std::string_view name, const Value& x, double addend) {
  return l.named_op(name, "Add", {x, l.scalar(fmt::format("{}/y", name), addend, x)});
}

// x·Φ(x) with the normal distribution's Φ (Hendrycks and Gimpel, Gaussian Error Linear Units, 2016).
Value lower_gelu(Lowering& l, const Value& x) {
  const Value half = times(l, "Gelu/mul", 0.5, x);
  const Value scaled = l.named_op("Gelu/truediv", "RealDiv", {x, l.scalar("Gelu/Cast/x", std::numbers::sqrt2, x)});
  const Value shifted = plus(l, "Gelu/add", l.named_op("Gelu/Erf", "Erf", {scaled}), 1);
  return l.named_op("Gelu/mul_1", "Mul", {half, shifted});
}

Value lower_gelu_approximate(Lowering& l, const Value& x) {
  const Value half = times(l, "Gelu/mul", 0.5, x);
  const Value cube = l.named_op("Gelu/Pow", "Pow", {x, l.scalar("Gelu/Pow/y", 3, x)});
  const Value inner = l.named_op("Gelu/add", "Add", {x, times(l, "Gelu/mul_1", kGeluCubic, cube)});
  const Value scaled = times(l, "Gelu/mul_2", std::sqrt(2 / std::numbers::pi), inner);
  const Value shifted = plus(l, "Gelu/add_1", l.named_op("Gelu/Tanh", "Tanh", {scaled}), 1);
  return l.named_op("Gelu/mul_3", "Mul", {half, shifted});
}

// Keras 3: relu6(x + 3)/6. Before: clip(0.2·x + 0.5, 0, 1), Theano's.
Value lower_hard_sigmoid(Lowering& l, const Value& x) {
  return l.named_op("truediv", "RealDiv", {l.op("Relu6", {plus(l, "add", x, 3)}), l.scalar("truediv/y", 6, x)});
}
Value lower_hard_sigmoid_keras2(Lowering& l, const Value& x) {
  return lower_clip(l, plus(l, "Add", times(l, "Mul", 0.2, x), 0.5), 0, 1);
}

// (clip(x, -1, 1) + 1)²/4 + relu(x - 1): the three pieces of sparse_plus in one expression.
Value lower_sparse_plus(Lowering& l, const Value& x) {
  const Value shifted = plus(l, "add", lower_clip(l, x, -1, 1), 1);
  const Value quarter = times(l, "mul", 0.25, l.op("Square", {shifted}));
  return l.named_op("add", "Add", {quarter, l.op("Relu", {plus(l, "sub", x, -1)})});
}

Value lower_squareplus(Lowering& l, const Value& x) {
  const Value root = l.op("Sqrt", {plus(l, "add", l.op("Square", {x}), 4)});
  return times(l, "truediv", 0.5, l.named_op("add", "Add", {x, root}));
}

Value lower_hard_shrink(Lowering& l, const Value& x) {
  return l.named_op("mul", "Mul", {x, lower_is_greater(l, l.op("Abs", {x}), kShrink)});
}

Value lower_glu(Lowering& l, const Value& x) {
  Value a = l.raw_op("split", "Split", {l.int_scalar("split/split_dim", -1), x}, x.dtype,
                     {{"T", x.dtype}, {"num_split", int64_t{2}}});
  Value b = a;
  b.tensor.index = 1;
  return l.named_op("mul", "Mul", {a, l.op("Sigmoid", {b})});
}

Value sum_of_last(Lowering& l, std::string_view name, const Value& x, bool keeps_axis) {
  return l.named_op(name, "Sum", {x, l.int_scalar(fmt::format("{}/reduction_indices", name), -1)},
                    {{"keep_dims", keeps_axis}, {"Tidx", DType::kInt32}});
}

// Each element beside all of its row: as a row, and as a column.
std::pair<Value, Value> spread(Lowering& l, const Value& z) {
  const auto expand = [&](std::string_view name, int64_t axis) {
    return l.named_op(name, "ExpandDims", {z, l.int_scalar(fmt::format("{}/dim", name), axis)},
                      {{"Tdim", DType::kInt32}});
  };
  const Value column = expand("Sparsemax/ExpandDims", -1);
  return {expand("Sparsemax/ExpandDims_1", -2), column};
}

// 1 where a comparison holds, 0 elsewhere, in z's type.
Value compared(Lowering& l, std::string_view op, const Value& a, const Value& b, const Value& z) {
  const Value truth = l.raw_op(fmt::format("Sparsemax/{}", op), op, {a, b}, DType::kBool, {{"T", z.dtype}});
  return l.raw_op("Sparsemax/Cast", "Cast", {truth}, z.dtype, {{"SrcT", DType::kBool}, {"DstT", z.dtype}});
}

// Martins and Astudillo, From Softmax to Sparsemax, 2016, as Keras 3 (3.15) computes it: its threshold has the sum of
// the support's cumulative sums where the paper has the last of them. Instead of sorting, each element z compares
// itself with all: it is in the support when 1 + K·z > S, with K and S the count and the sum of the elements not less
// than z. Among E equal ones the cumulative sums are S, S - z, …: S - z·(E - 1)/2 on average.
Value lower_sparsemax(Lowering& l, const Value& z) {
  const auto [row, column] = spread(l, z);
  const auto multiply = [&](const Value& a, const Value& b) { return l.named_op("Sparsemax/mul", "Mul", {a, b}); };
  const auto sum = [&](const Value& x, bool keeps_axis) { return sum_of_last(l, "Sparsemax/Sum", x, keeps_axis); };
  const Value not_less = compared(l, "GreaterEqual", row, column, z);
  const Value sum_of_not_less = sum(multiply(not_less, row), false);
  const Value support =
      compared(l, "Greater", plus(l, "Sparsemax/add", multiply(sum(not_less, false), z), 1), sum_of_not_less, z);
  const Value n_others = plus(l, "Sparsemax/add", sum(compared(l, "Equal", row, column, z), false), -1);
  const Value cumulative =
      l.named_op("Sparsemax/sub", "Sub", {sum_of_not_less, times(l, "Sparsemax/mul", 0.5, multiply(z, n_others))});
  const Value total = plus(l, "Sparsemax/add", sum(multiply(support, cumulative), true), -1);
  const Value threshold = l.named_op("Sparsemax/truediv", "RealDiv", {total, sum(support, true)});
  return l.named_op("Sparsemax", "Relu", {l.named_op("Sparsemax/sub", "Sub", {z, threshold})});
}

// TensorFlow Addons 0.23's is the paper's: its threshold has the sum of the support.
Value lower_addons_sparsemax(Lowering& l, const Value& z) {
  const auto [row, column] = spread(l, z);
  const Value not_less = compared(l, "GreaterEqual", row, column, z);
  const auto multiply = [&](const Value& a, const Value& b) { return l.named_op("Sparsemax/mul", "Mul", {a, b}); };
  const auto sum = [&](const Value& x, bool keeps_axis) { return sum_of_last(l, "Sparsemax/Sum", x, keeps_axis); };
  const Value shifted = plus(l, "Sparsemax/add", multiply(sum(not_less, false), z), 1);
  const Value support = compared(l, "Greater", shifted, sum(multiply(not_less, row), false), z);
  const Value total = plus(l, "Sparsemax/add", sum(multiply(support, z), true), -1);
  const Value threshold = l.named_op("Sparsemax/truediv", "RealDiv", {total, sum(support, true)});
  return l.named_op("Sparsemax", "Relu", {l.named_op("Sparsemax/sub", "Sub", {z, threshold})});
}

double softmax_along(std::span<const double> row, int64_t i) {
  const double greatest = std::ranges::max(row);
  double sum = 0;
  for (const double x : row) sum += std::exp(x - greatest);
  return std::exp(row[static_cast<size_t>(i)] - greatest) / sum;
}

double log_softmax_along(std::span<const double> row, int64_t i) {
  const double greatest = std::ranges::max(row);
  double sum = 0;
  for (const double x : row) sum += std::exp(x - greatest);
  return row[static_cast<size_t>(i)] - greatest - std::log(sum);
}

double glu_along(std::span<const double> row, int64_t i) {
  return row[static_cast<size_t>(i)] * sigmoid(row[static_cast<size_t>(i) + row.size() / 2]);
}

double sparsemax_along(std::span<const double> row, int64_t i) {
  std::vector<double> sorted(row.begin(), row.end());
  std::ranges::sort(sorted, std::greater<>());
  double cumulative = 0;
  double total = 0;
  double n_support = 0;
  for (size_t k = 0; k < sorted.size(); ++k) {
    cumulative += sorted[k];
    if (sorted[k] - (cumulative - 1) / static_cast<double>(k + 1) <= 0) continue;
    total += cumulative;
    ++n_support;
  }
  return std::max(row[static_cast<size_t>(i)] - (total - 1) / n_support, 0.0);
}

double addons_sparsemax_along(std::span<const double> row, int64_t i) {
  std::vector<double> sorted(row.begin(), row.end());
  std::ranges::sort(sorted, std::greater<>());
  double total = 0;
  double n_support = 0;
  for (const double z : sorted) {
    if (1 + (n_support + 1) * z <= total + z) break;
    total += z;
    ++n_support;
  }
  return std::max(row[static_cast<size_t>(i)] - (total - 1) / n_support, 0.0);
}

// Of TensorFlow Addons' rrelu at inference: the middle of the slopes that training draws from.
constexpr double kRreluSlope = (0.125 + 0.3333333333333333) / 2;

// One op of that name, which is also tf.keras' node name.
#define HOARFROST_OP(OP) [](Lowering& l, const Value& x) { return l.op(OP, {x}); }

// Softmax and LogSoftmax run along the last axis of any number of axes; the oldest TensorFlows (1.4) take two only.
constexpr ActivationFunction kFunctions[] = {
    // TensorFlow Addons', by the names that they are registered under. What else has such a name is another's.
    {"Addons>lisht",
     [](Lowering& l, const Value& x) {
       return l.named_op("mul", "Mul", {x, l.op("Tanh", {x})});
     },
     [](double x) { return x * std::tanh(x); }},
    {"Addons>rrelu", [](Lowering& l, const Value& x) { return lower_leaky_relu(l, x, kRreluSlope); },
     [](double x) { return x >= 0 ? x : kRreluSlope * x; }},
    {"Addons>snake",
     [](Lowering& l, const Value& x) {
       const Value rest = l.named_op("sub", "Sub", {l.scalar("sub/x", 1, x), l.op("Cos", {times(l, "mul", 2, x)})});
       return l.named_op("add", "Add", {x, times(l, "truediv", 0.5, rest)});
     },
     [](double x) { return x + (1 - std::cos(2 * x)) / 2; }},
    {"Addons>sparsemax", lower_addons_sparsemax, nullptr, addons_sparsemax_along},
    {"celu", HOARFROST_OP("Elu"), elu},  // with Keras' alpha 1 the same function
    {"elu", HOARFROST_OP("Elu"), elu},
    // sin, cos and exp are none of Keras', but of TensorFlow's and keras.ops', and a file holds their names alone.
    {"cos", HOARFROST_OP("Cos"), [](double x) { return std::cos(x); }},
    {"exp", HOARFROST_OP("Exp"), [](double x) { return std::exp(x); }},
    {"sin", HOARFROST_OP("Sin"), [](double x) { return std::sin(x); }},
    {"exponential", HOARFROST_OP("Exp"), [](double x) { return std::exp(x); }},
    {"gelu", lower_gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); }},
    {"gelu_approximate", lower_gelu_approximate,
     [](double x) {
       return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + kGeluCubic * x * x * x)));
     }},
    {"glu", lower_glu, nullptr, glu_along, true},
    {"hard_shrink", lower_hard_shrink, [](double x) { return std::abs(x) > kShrink ? x : 0; }},
    {"hard_sigmoid", lower_hard_sigmoid, [](double x) { return relu6(x + 3) / 6; }, nullptr, false, 3},
    {"hard_sigmoid", lower_hard_sigmoid_keras2, [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); }},
    {"hard_silu",
     [](Lowering& l, const Value& x) {
       return l.named_op("mul", "Mul", {x, lower_hard_sigmoid(l, x)});
     },
     [](double x) { return x * relu6(x + 3) / 6; }},
    {"hard_swish",
     [](Lowering& l, const Value& x) {
       return l.named_op("mul", "Mul", {x, lower_hard_sigmoid(l, x)});
     },
     [](double x) { return x * relu6(x + 3) / 6; }},
    {"hard_tanh", [](Lowering& l, const Value& x) { return lower_clip(l, x, -1, 1); },
     [](double x) { return std::clamp(x, -1.0, 1.0); }},
    {"leaky_relu", [](Lowering& l, const Value& x) { return lower_leaky_relu(l, x, 0.2); },
     [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"log_sigmoid",
     [](Lowering& l, const Value& x) { return l.named_op("Neg", "Neg", {l.op("Softplus", {l.op("Neg", {x})})}); },
     [](double x) { return -softplus(-x); }},
    {"log_softmax", HOARFROST_OP("LogSoftmax"), nullptr, log_softmax_along},
    {"log_softmax_v2", HOARFROST_OP("LogSoftmax"), nullptr, log_softmax_along},
    {"mish",
     [](Lowering& l, const Value& x) {
       return l.named_op("mul", "Mul", {x, l.op("Tanh", {l.op("Softplus", {x})})});
     },
     [](double x) { return x * std::tanh(softplus(x)); }},
    {"relu", HOARFROST_OP("Relu"), [](double x) { return std::max(x, 0.0); }},
    {"relu6", HOARFROST_OP("Relu6"), relu6},
    {"selu", HOARFROST_OP("Selu"), [](double x) { return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x)); }},
    {"sigmoid", HOARFROST_OP("Sigmoid"), sigmoid},
    {"silu",
     [](Lowering& l, const Value& x) {
       return l.named_op("mul", "Mul", {x, l.op("Sigmoid", {x})});
     },
     [](double x) { return x * sigmoid(x); }},
    {"soft_shrink",
     [](Lowering& l, const Value& x) {
       return l.named_op("sub", "Sub", {x, lower_clip(l, x, -kShrink, kShrink)});
     },
     [](double x) { return x > kShrink    ? x - kShrink
                           : x < -kShrink ? x + kShrink
                                          : 0; }},
    {"softmax", HOARFROST_OP("Softmax"), nullptr, softmax_along},
    {"softmax_v2", HOARFROST_OP("Softmax"), nullptr, softmax_along},
    {"softplus", HOARFROST_OP("Softplus"), softplus},
    {"softsign", HOARFROST_OP("Softsign"), [](double x) { return x / (1 + std::abs(x)); }},
    {"sparse_plus", lower_sparse_plus, [](double x) { return x <= -1 ? 0
                                                             : x < 1 ? (x + 1) * (x + 1) / 4
                                                                     : x; }},
    {"sparse_sigmoid",
     [](Lowering& l, const Value& x) { return lower_clip(l, times(l, "mul", 0.5, plus(l, "add", x, 1)), 0, 1); },
     [](double x) { return std::clamp(0.5 * (x + 1), 0.0, 1.0); }},
    {"sparsemax", lower_sparsemax, nullptr, sparsemax_along},
    {"squareplus", lower_squareplus, [](double x) { return (x + std::sqrt(x * x + 4)) / 2; }},
    {"swish",
     [](Lowering& l, const Value& x) {
       return l.named_op("mul", "Mul", {x, l.op("Sigmoid", {x})});
     },
     [](double x) { return x * sigmoid(x); }},
    {"tanh", HOARFROST_OP("Tanh"), [](double x) { return std::tanh(x); }},
    {"tanh_shrink",
     [](Lowering& l, const Value& x) {
       return l.named_op("sub", "Sub", {x, l.op("Tanh", {x})});
     },
     [](double x) { return x - std::tanh(x); }},
};
#undef HOARFROST_OP

}  // namespace

std::span<const ActivationFunction> activation_functions() { return kFunctions; }

}  // namespace hoarfrost::keras
