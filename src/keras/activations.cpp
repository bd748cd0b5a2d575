#include "keras/activations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <nlohmann/json.hpp>
#include <numbers>
#include <span>

#include "keras/lowering.h"

namespace hoarfrost::keras {

Value lower_clip(Lowering& l, const Value& x, double low, double high) {
  const Value least = l.named_op("clip_by_value/Minimum", "Minimum", {x, l.scalar("clip_by_value/Minimum/y", high, x)});
  return l.named_op("clip_by_value", "Maximum", {least, l.scalar("clip_by_value/y", low, x)});
}

Value lower_leaky_relu(Lowering& l, const Value& x, double slope) {
  if (slope == 0) return l.op("Relu", {x});
  const Value scaled = l.named_op("LeakyRelu/mul", "Mul", {l.scalar("LeakyRelu/alpha", slope, x), x});
  return l.named_op("LeakyRelu", slope <= 1 ? "Maximum" : "Minimum", {x, scaled});
}

Value lower_is_greater(Lowering& l, const Value& x, double threshold) {
  const Value greater = l.raw_op("Greater", "Greater", {x, l.scalar("Greater/y", threshold, x)}, DType::kBool, {{"T", x.dtype}});
  return l.raw_op("Cast", "Cast", {greater}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
}

// What a name means: elementwise functions have `of`, those along the last axis `along` (element i of f(row)).
struct ActivationFunction {
  std::string_view name;
  Value (*lower)(Lowering&, const Value&);
  double (*of)(double) = nullptr;
  double (*along)(std::span<const double> row, int64_t i) = nullptr;
  int first_major = 0;  // the Keras that gave the name this meaning
};

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
Value lower_hard_sigmoid_keras2(Lowering& l, const Value& x) { return lower_clip(l, plus(l, "Add", times(l, "Mul", 0.2, x), 0.5), 0, 1); }

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
  Value a = l.raw_op("split", "Split", {l.int_scalar("split/split_dim", -1), x}, x.dtype, {{"T", x.dtype}, {"num_split", int64_t{2}}});
  Value b = a;
  b.tensor.index = 1;
  return l.named_op("mul", "Mul", {a, l.op("Sigmoid", {b})});
}

Value sum_of_last(Lowering& l, std::string_view name, const Value& x, bool keeps_axis) {
  return l.named_op(name, "Sum", {x, l.int_scalar(fmt::format("{}/reduction_indices", name), -1)},
                    {{"keep_dims", keeps_axis}, {"Tidx", DType::kInt32}});
}

// Martins and Astudillo, From Softmax to Sparsemax, 2016. Instead of sorting, each element compares itself with all:
// it is in the support when 1 + K·z > S, with K and S the count and the sum of the elements not less than z.
Value lower_sparsemax(Lowering& l, const Value& z) {
  const auto expand = [&](std::string_view name, int64_t axis) {
    return l.named_op(name, "ExpandDims", {z, l.int_scalar(fmt::format("{}/dim", name), axis)}, {{"Tdim", DType::kInt32}});
  };
  const auto to_number = [&](const Value& x) {
    return l.raw_op("Sparsemax/Cast", "Cast", {x}, z.dtype, {{"SrcT", DType::kBool}, {"DstT", z.dtype}});
  };
  const Value column = expand("Sparsemax/ExpandDims", -1);
  const Value row = expand("Sparsemax/ExpandDims_1", -2);
  const Value not_less = to_number(l.raw_op("Sparsemax/GreaterEqual", "GreaterEqual", {row, column}, DType::kBool, {{"T", z.dtype}}));
  const Value count = sum_of_last(l, "Sparsemax/Sum", not_less, false);
  const Value sum = sum_of_last(l, "Sparsemax/Sum_1", l.named_op("Sparsemax/mul", "Mul", {not_less, row}), false);
  const Value bound = plus(l, "Sparsemax/add", l.named_op("Sparsemax/mul_1", "Mul", {count, z}), 1);
  const Value support = to_number(l.raw_op("Sparsemax/Greater", "Greater", {bound, sum}, DType::kBool, {{"T", z.dtype}}));
  const Value total = sum_of_last(l, "Sparsemax/Sum_2", l.named_op("Sparsemax/mul_2", "Mul", {support, z}), true);
  const Value threshold = l.named_op("Sparsemax/truediv", "RealDiv", {plus(l, "Sparsemax/sub", total, -1), sum_of_last(l, "Sparsemax/Sum_3", support, true)});
  return l.named_op("Sparsemax/Relu", "Relu", {l.named_op("Sparsemax/sub_1", "Sub", {z, threshold})});
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

double glu_along(std::span<const double> row, int64_t i) { return row[static_cast<size_t>(i)] * sigmoid(row[static_cast<size_t>(i) + row.size() / 2]); }

double sparsemax_along(std::span<const double> row, int64_t i) {
  std::vector<double> sorted(row.begin(), row.end());
  std::ranges::sort(sorted, std::greater<>());
  double sum = 0;
  double threshold = 0;
  for (size_t k = 0; k < sorted.size(); ++k) {
    sum += sorted[k];
    const auto n = static_cast<double>(k + 1);
    if (1 + n * sorted[k] > sum) threshold = (sum - 1) / n;
  }
  return std::max(row[static_cast<size_t>(i)] - threshold, 0.0);
}

// One op of that name, which is also tf.keras' node name.
#define HOARFROST_OP(OP) [](Lowering& l, const Value& x) { return l.op(OP, {x}); }

// Softmax and LogSoftmax run along the last axis of any number of axes; the oldest TensorFlows (1.4) take two only.
constexpr ActivationFunction kFunctions[] = {
    {"celu", HOARFROST_OP("Elu"), elu},  // with Keras' alpha 1 the same function
    {"elu", HOARFROST_OP("Elu"), elu},
    {"exponential", HOARFROST_OP("Exp"), [](double x) { return std::exp(x); }},
    {"gelu", lower_gelu, [](double x) { return 0.5 * x * (1 + std::erf(x / std::numbers::sqrt2)); }},
    {"gelu_approximate", lower_gelu_approximate,
     [](double x) { return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + kGeluCubic * x * x * x))); }},
    {"glu", lower_glu, nullptr, glu_along},
    {"hard_shrink", lower_hard_shrink, [](double x) { return std::abs(x) > kShrink ? x : 0; }},
    {"hard_sigmoid", lower_hard_sigmoid, [](double x) { return relu6(x + 3) / 6; }, nullptr, 3},
    {"hard_sigmoid", lower_hard_sigmoid_keras2, [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); }},
    {"hard_silu", [](Lowering& l, const Value& x) { return l.named_op("mul", "Mul", {x, lower_hard_sigmoid(l, x)}); },
     [](double x) { return x * relu6(x + 3) / 6; }},
    {"hard_swish", [](Lowering& l, const Value& x) { return l.named_op("mul", "Mul", {x, lower_hard_sigmoid(l, x)}); },
     [](double x) { return x * relu6(x + 3) / 6; }},
    {"hard_tanh", [](Lowering& l, const Value& x) { return lower_clip(l, x, -1, 1); }, [](double x) { return std::clamp(x, -1.0, 1.0); }},
    {"leaky_relu", [](Lowering& l, const Value& x) { return lower_leaky_relu(l, x, 0.2); }, [](double x) { return x > 0 ? x : 0.2 * x; }},
    {"log_sigmoid", [](Lowering& l, const Value& x) { return l.named_op("Neg", "Neg", {l.op("Softplus", {l.op("Neg", {x})})}); },
     [](double x) { return -softplus(-x); }},
    {"log_softmax", HOARFROST_OP("LogSoftmax"), nullptr, log_softmax_along},
    {"log_softmax_v2", HOARFROST_OP("LogSoftmax"), nullptr, log_softmax_along},
    {"mish", [](Lowering& l, const Value& x) { return l.named_op("mul", "Mul", {x, l.op("Tanh", {l.op("Softplus", {x})})}); },
     [](double x) { return x * std::tanh(softplus(x)); }},
    {"relu", HOARFROST_OP("Relu"), [](double x) { return std::max(x, 0.0); }},
    {"relu6", HOARFROST_OP("Relu6"), relu6},
    {"selu", HOARFROST_OP("Selu"), [](double x) { return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x)); }},
    {"sigmoid", HOARFROST_OP("Sigmoid"), sigmoid},
    {"silu", [](Lowering& l, const Value& x) { return l.named_op("mul", "Mul", {x, l.op("Sigmoid", {x})}); }, [](double x) { return x * sigmoid(x); }},
    {"soft_shrink", [](Lowering& l, const Value& x) { return l.named_op("sub", "Sub", {x, lower_clip(l, x, -kShrink, kShrink)}); },
     [](double x) { return x > kShrink ? x - kShrink : x < -kShrink ? x + kShrink : 0; }},
    {"softmax", HOARFROST_OP("Softmax"), nullptr, softmax_along},
    {"softmax_v2", HOARFROST_OP("Softmax"), nullptr, softmax_along},
    {"softplus", HOARFROST_OP("Softplus"), softplus},
    {"softsign", HOARFROST_OP("Softsign"), [](double x) { return x / (1 + std::abs(x)); }},
    {"sparse_plus", lower_sparse_plus, [](double x) { return x <= -1 ? 0 : x < 1 ? (x + 1) * (x + 1) / 4 : x; }},
    {"sparse_sigmoid", [](Lowering& l, const Value& x) { return lower_clip(l, times(l, "mul", 0.5, plus(l, "add", x, 1)), 0, 1); },
     [](double x) { return std::clamp(0.5 * (x + 1), 0.0, 1.0); }},
    {"sparsemax", lower_sparsemax, nullptr, sparsemax_along},
    {"squareplus", lower_squareplus, [](double x) { return (x + std::sqrt(x * x + 4)) / 2; }},
    {"swish", [](Lowering& l, const Value& x) { return l.named_op("mul", "Mul", {x, l.op("Sigmoid", {x})}); }, [](double x) { return x * sigmoid(x); }},
    {"tanh", HOARFROST_OP("Tanh"), [](double x) { return std::tanh(x); }},
    {"tanh_shrink", [](Lowering& l, const Value& x) { return l.named_op("sub", "Sub", {x, l.op("Tanh", {x})}); },
     [](double x) { return x - std::tanh(x); }},
};
#undef HOARFROST_OP

// f along the last axis. A row is computed once for all of its elements, whoever asks first: pulled one by one they would
// cost its length squared.
Formula along_last(const ActivationFunction& function, Formula x, Shape shape) {
  struct Row {
    std::mutex mutex;
    int64_t number = -1;
    std::vector<double> values;
  };
  const auto cached = std::make_shared<Row>();
  const auto at = [=, along = function.along](const Index& o) {
    const int64_t number = o.with(-1, 0).offset(shape) / shape.last();
    const std::lock_guard lock(cached->mutex);
    if (cached->number != number) {
      cached->values.resize(static_cast<size_t>(x.shape.last()));
      for (int64_t i = 0; i < x.shape.last(); ++i) cached->values[static_cast<size_t>(i)] = x.at(o.with(-1, i));
      cached->number = number;
    }
    return along(cached->values, o[-1]);
  };
  return {shape, at, x.cost + static_cast<double>(x.shape.last())};
}

// A layer's reference reads arrays, so the first who asks has all of x computed.
Formula of_layer(std::shared_ptr<const Layer> layer, Formula x) {
  struct Whole {
    std::once_flag once;
    Formula formula;
  };
  const auto whole = std::make_shared<Whole>();
  Shape shape = layer->infer({x.shape}).at(0);
  const double cost = x.cost + 1;
  const auto at = [whole, layer = std::move(layer), x = std::move(x)](const Index& o) {
    std::call_once(whole->once, [&] {
      Tensor values(DType::kFloat64, x.shape);
      const auto target = values.mutable_values<double>();
      for (size_t i = 0; i < target.size(); ++i) target[i] = x.at(Index::at_offset(x.shape, static_cast<int64_t>(i)));
      whole->formula = layer->reference({}, {Array(values)}).at(0);
    });
    return whole->formula.at(o);
  };
  return {std::move(shape), at, cost};
}

// LeakyReLU and its kin as an activation: {"class_name": "LeakyReLU", "config": {"alpha": 0.1}}.
std::shared_ptr<const Layer> parse_layer_activation(const std::string& class_name, const Json& json, const Config& where) {
  if (find_layer(class_name) == nullptr) {
    where.unsupported(fmt::format("activation `{}` is neither a function nor a layer that Hoarfrost knows", class_name));
  }
  auto layer = parse_layer(Config(json, class_name, where.version()));
  if (class_name.ends_with("PReLU")) where.unsupported("PReLU as an activation argument has weights of its own; make it a layer of its own");
  return layer;
}

}  // namespace

std::vector<std::string_view> activation_names() {
  std::vector<std::string_view> names{"linear"};
  for (const ActivationFunction& function : kFunctions) names.push_back(function.name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

Activation Activation::named(std::string_view name, Version version, const Config& where) {
  Activation result;
  if (name == "linear") return result;
  for (const ActivationFunction& function : kFunctions) {
    if (function.name != name || version.major < function.first_major) continue;
    result.function_ = &function;
    return result;
  }
  if (name == "threshold") where.unsupported("activation `threshold` needs arguments that a file does not hold; use a ThresholdedReLU or ReLU layer");
  if (find_layer(name) != nullptr) {  // tf.keras takes a layer's class name too
    static const Json kNothing = Json::object();
    result.layer_ = parse_layer_activation(std::string(name), kNothing, where);
    return result;
  }
  where.unsupported(fmt::format("activation `{}` is not known; there are {}", name, fmt::join(activation_names(), ", ")));
}

Activation Activation::parse(const Config& config, std::string_view key, std::string_view fallback) {
  const Json* value = config.find({key});
  if (value == nullptr) return named(config.json().contains(key) ? "linear" : fallback, config.version(), config);
  const auto plain = [](std::string name) { return name.substr(name.rfind('>') + 1); };  // "keras>relu", "Custom>gelu"
  if (value->is_string()) return named(plain(value->get<std::string>()), config.version(), config);
  if (!value->is_object() || !value->contains("class_name") || !value->at("class_name").is_string()) {
    config.fail(fmt::format("`{}` must be a name or an object with a class_name, found {}", key, value->dump()));
  }
  const auto class_name = value->at("class_name").get<std::string>();
  const Json inner = value->contains("config") ? value->at("config") : Json();
  if (inner.is_string()) return named(plain(inner.get<std::string>()), config.version(), config);  // {"class_name": "function", "config": "relu"}
  if (inner.is_null()) return named(plain(class_name), config.version(), config);
  if (!inner.is_object()) config.fail(fmt::format("`{}` must hold a configuration object, found {}", key, inner.dump()));
  Activation result;
  result.layer_ = parse_layer_activation(class_name, inner, config);
  return result;
}

Shape Activation::infer(const Shape& x) const {
  if (layer_ != nullptr) return layer_->infer({x}).at(0);
  Shape result = x;
  if (function_ != nullptr && function_->along == glu_along && x.last() >= 0) result[-1] = x.last() / 2;
  return result;
}

Value Activation::lower(Lowering& lowering, const Value& x) const {
  if (layer_ != nullptr) return layer_->lower(lowering, {x}).at(0);
  return function_ == nullptr ? x : function_->lower(lowering, x);
}

Formula Activation::reference(Formula x) const {
  if (is_linear()) return x;
  if (layer_ != nullptr) return of_layer(layer_, std::move(x));
  if (function_->along != nullptr) {
    Shape shape = infer(x.shape);
    return along_last(*function_, std::move(x), std::move(shape));
  }
  return {x.shape, [x = x.at, of = function_->of](const Index& o) { return of(x(o)); }, x.cost};
}

}  // namespace hoarfrost::keras
