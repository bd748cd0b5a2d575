#include "keras/quantize_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kNoOp = "NoOpActivation";  // linear, and not quantized

bool is_among(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::ranges::find(names, name) != names.end();
}

// What the toolkit asks a function's __name__ for: "relu", also of one within a QuantizeAwareActivation.
std::string activation_name(const Json& activation) {
  if (activation.is_null()) return "linear";
  if (activation.is_string()) return activation.get<std::string>();
  const std::string class_name = text_at(activation, "class_name");
  if (activation.contains("config")) {
    const Json& config = activation.at("config");
    if (class_name == "QuantizeAwareActivation" && config.contains("activation"))
      return activation_name(config.at("activation"));
    if (class_name == "function" && config.is_string()) return config.get<std::string>();
  }
  return class_name;
}

// A layer keeps the activation that it had in the call, in a form that Keras alone does not know.
void make_plain(Json& layer) {
  const auto found = layer.find("activation");
  if (found == layer.end() || !found->is_object()) return;
  const std::string class_name = text_at(*found, "class_name");
  if (class_name != "QuantizeAwareActivation" && class_name != kNoOp) return;
  const std::string name = activation_name(*found);
  *found = name == kNoOp ? "linear" : name;
}

FakeQuantizer moving_average(int64_t n_bits) { return {"MovingAvgQuantize", n_bits, false, false}; }

class Parser {
 public:
  Parser(const Config& wrapper, const std::string& layer_class, Json& layer)
      : wrapper_(wrapper), layer_class_(layer_class), layer_(layer) {
    const Json* given = wrapper.find({"quantize_config"});
    if (given == nullptr || !given->is_object()) wrapper.fail("`quantize_config` must have a class_name and a config");
    class_name_ = plain_class_name(text_at(*given, "class_name"));
    json_ = given->contains("config") && given->at("config").is_object() ? given->at("config") : Json::object();
    for (const std::string_view start : {"Default8Bit", "DefaultNBit"}) {
      if (class_name_.starts_with(start)) kind_ = class_name_.substr(start.size());
    }
  }

  QuantizeConfig parse() {
    const Config config(json_, class_name_, wrapper_.version());
    const int64_t weight_bits = bits(config, "num_bits_weight");
    const int64_t n_bits = bits(config, "num_bits_activation");
    QuantizeConfig result;
    if (class_name_ == "NoOpQuantizeConfig") {
      make_plain(layer_);
    } else if (kind_ == "OutputQuantizeConfig") {
      if (config.get_bool({"quantize_output"}, true)) result.output = moving_average(n_bits);
      make_plain(layer_);
    } else if (kind_ == "ActivationQuantizeConfig") {
      const bool is_quantized = is_among(activation_name(layer_["activation"]), {"relu", "relu6", "swish", "gelu"});
      if (is_quantized && config.get_bool({"quantize_output"}, true)) result.output = moving_average(n_bits);
    } else if (is_among(kind_, {"QuantizeConfig", "ConvQuantizeConfig", "ConvTransposeQuantizeConfig"})) {
      // That of Conv2DTranspose moves its axes before and after: with one range for all, to no effect.
      result.weight = {"LastValueQuant", weight_bits, kind_ == "ConvQuantizeConfig", true};
      result.weights = names(config, "weight_attrs");
      if (config.get_bool({"quantize_output"})) result.output = moving_average(n_bits);
      set_activation(result, names(config, "activation_attrs"), n_bits);
      make_plain(layer_);
    } else {
      wrapper_.unsupported(
          fmt::format("quantize_config `{}` is none of the toolkit's own for such layers; what another does is its "
                      "author's Python, "
                      "and not in the file",
                      class_name_));
    }
    return result;
  }

 private:
  int64_t bits(const Config& config, std::string_view key) const {
    const int64_t n_bits = config.get_int({key}, 8);
    if (n_bits < 2 || n_bits > 16)
      wrapper_.unsupported(fmt::format("{} is {}: TensorFlow quantizes to 2 to 16 bits", key, n_bits));
    return n_bits;
  }

  std::vector<std::string> names(const Config& config, std::string_view key) const {
    const Json* list = config.find({key});
    std::vector<std::string> result;
    if (list == nullptr || !list->is_array()) config.fail(fmt::format("`{}` must be a list of names", key));
    for (const Json& name : *list) {
      if (!name.is_string()) config.fail(fmt::format("`{}` must be a list of names", key));
      result.push_back(name.get<std::string>());
    }
    return result;
  }

  // QuantizeAwareActivation: some are quantized before, some behind, gelu both.
  void set_activation(QuantizeConfig& result, const std::vector<std::string>& attributes, int64_t n_bits) {
    if (attributes.empty()) return;
    const bool is_recurrent =
        layer_class_.ends_with("RNN") || layer_class_.ends_with("LSTM") || layer_class_.ends_with("GRU");
    if (attributes != std::vector<std::string>{"activation"} || is_recurrent)
      wrapper_.unsupported(
          fmt::format("activations within a {} are not quantized here, but for one that ends a layer", layer_class_));
    const std::string name = activation_name(layer_["activation"]);
    if (is_among(name, {"softmax", "sigmoid", "tanh", "gelu"})) result.before_activation = moving_average(n_bits);
    if (is_among(name, {"linear", "relu", "swish", "gelu"})) result.after_activation = moving_average(n_bits);
    if (!result.before_activation.is_on() && !result.after_activation.is_on() && name != kNoOp)
      wrapper_.unsupported(fmt::format("the activation `{}` is not quantized by the toolkit either", name));
    result.has_activation = true;
    result.activation = Activation::named(name == kNoOp ? "linear" : name, wrapper_.version(), wrapper_);
    layer_["activation"] = "linear";
  }

  const Config& wrapper_;
  const std::string& layer_class_;
  Json& layer_;
  std::string class_name_;
  std::string kind_;  // without "Default8Bit" or "DefaultNBit"
  Json json_;
};

}  // namespace

QuantizeConfig QuantizeConfig::parse(const Config& wrapper, const std::string& layer_class, Json& layer) {
  return Parser(wrapper, layer_class, layer).parse();
}

}  // namespace hoarfrost::keras
