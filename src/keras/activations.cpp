#include "keras/activations.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <nlohmann/json.hpp>

#include "keras/activation_functions.h"
#include "keras/lowering.h"
#include "keras/quantizer.h"

namespace hoarfrost::keras {
namespace {

// f along the last axis. A row is computed once for all of its elements, whoever asks first: pulled one by one they
// would cost its length squared.
Formula along_last(const ActivationFunction& function, const Formula& x, const Shape& shape) {
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

// Layers that Keras takes as an activation: they have no weights.
constexpr std::array<std::string_view, 5> kLayers{"ELU", "LeakyReLU", "ReLU", "Softmax", "ThresholdedReLU"};

// {"class_name": "LeakyReLU", "config": {"alpha": 0.1}}
std::shared_ptr<const Layer> parse_layer_activation(std::string_view class_name, const Json& json,
                                                    const Config& where) {
  if (class_name == "PReLU")
    where.unsupported("PReLU as an activation has weights of its own, which this layer does not take; make it a layer");
  if (std::ranges::find(kLayers, class_name) == kLayers.end()) {
    where.unsupported(fmt::format("activation `{}` is not known; there are {}, {}", class_name,
                                  fmt::join(activation_names(), ", "), fmt::join(kLayers, ", ")));
  }
  return parse_layer(Config(json, std::string(class_name), where.version()));
}

// A function of its author's, whose bytecode Keras writes as it does a Lambda's: {"value": [code, defaults, closure]},
// within an object of class `__lambda__` or alone. nullptr for others.
std::shared_ptr<const Layer> parse_function_activation(const Json& value, const Config& where) {
  const Json* inner = &value;
  if (value.value("class_name", Json()) == "__lambda__" && value.contains("config")) inner = &value.at("config");
  if (!inner->is_object() || !inner->contains("value") || !inner->at("value").is_array()) return nullptr;
  const Json lambda{{"name", where.name()}, {"function", inner->at("value")}, {"function_type", "lambda"}};
  return parse_layer(Config(lambda, "Lambda", where.version()));
}

// The name without the package that Keras (or KerasHub, with gelu_approximate) registered it under. A function of
// another package has only its name in common.
std::string plain_name(const std::string& name) {
  // TensorFlow Addons' with their defaults, each under Keras' name for it.
  constexpr std::pair<std::string_view, std::string_view> kAddons[] = {
      {"Addons>gelu", "gelu_approximate"},
      {"Addons>hardshrink", "hard_shrink"},
      {"Addons>mish", "mish"},
      {"Addons>softshrink", "soft_shrink"},
      {"Addons>tanhshrink", "tanh_shrink"}};  // the others are no functions of Keras'
  for (const auto& [theirs, ours] : kAddons) {
    if (name == theirs) return std::string(ours);
  }
  for (const std::string_view package : {"keras>", "keras.activations>", "keras_hub>", "keras_nlp>"}) {
    if (name.starts_with(package)) return name.substr(package.size());
  }
  return name;
}

std::string_view plain_class(const Config& config) {
  const std::string_view name = config.class_name();
  return name.substr(name.rfind('>') + 1);
}

}  // namespace

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
  const Value greater =
      l.raw_op("Greater", "Greater", {x, l.scalar("Greater/y", threshold, x)}, DType::kBool, {{"T", x.dtype}});
  return l.raw_op("Cast", "Cast", {greater}, x.dtype, {{"SrcT", DType::kBool}, {"DstT", x.dtype}});
}

std::vector<std::string_view> activation_names() {
  std::vector<std::string_view> names{"linear"};
  for (const ActivationFunction& function : activation_functions()) names.push_back(function.name);
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Activation Activation::named(std::string_view name, Version version, const Config& where) {
  Activation result;
  if (name == "linear") return result;
  for (const ActivationFunction& function : activation_functions()) {
    if (function.name != name || version.major < function.first_major) continue;
    result.function_ = &function;
    return result;
  }
  if (name == "threshold")
    where.unsupported(
        "activation `threshold` needs arguments that a file does not hold; use a ThresholdedReLU or ReLU layer");
  static const Json kDefaults = Json::object();  // tf.keras takes a layer's class name too
  result.layer_ = parse_layer_activation(name, kDefaults, where);
  return result;
}

Activation Activation::parse(const Config& config, std::string_view key, std::string_view fallback) {
  const Json* value = config.find({key});
  if (value == nullptr) return named(config.json().contains(key) ? "linear" : fallback, config.version(), config);
  if (plain_class(config).starts_with('Q') && names_quantizer(config, key)) {
    const Json quantizer{{"name", config.name()}, {"activation", *value}};
    Activation result;
    result.layer_ = parse_layer(Config(quantizer, "QActivation", config.version()));
    return result;
  }
  if (value->is_string()) return named(plain_name(value->get<std::string>()), config.version(), config);
  if (value->is_object()) {
    Activation result;
    result.layer_ = parse_function_activation(*value, config);
    if (result.layer_ != nullptr) return result;
  }
  if (!value->is_object() || !value->contains("class_name") || !value->at("class_name").is_string()) {
    config.fail(fmt::format("`{}` must be a name or an object with a class_name, found {}", key, value->dump()));
  }
  const auto class_name = value->at("class_name").get<std::string>();
  const Json inner = value->contains("config") ? value->at("config") : Json();
  if (inner.is_string())
    return named(plain_name(inner.get<std::string>()), config.version(),
                 config);  // {"class_name": "function", "config": "relu"}
  if (inner.is_null()) return named(plain_name(class_name), config.version(), config);
  if (!inner.is_object())
    config.fail(fmt::format("`{}` must hold a configuration object, found {}", key, inner.dump()));
  Activation result;
  result.layer_ = parse_layer_activation(plain_name(class_name), inner, config);
  return result;
}

Shape Activation::infer(const Shape& x) const {
  if (layer_ != nullptr) return layer_->infer({x}).at(0);
  Shape result = x;
  if (function_ == nullptr || !function_->halves || x.last() < 0) return result;
  if (x.last() % 2 != 0)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("activation `{}` halves the last axis, which is odd: {}", function_->name, x.to_string()));
  result[-1] = x.last() / 2;
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
