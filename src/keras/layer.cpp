#include "keras/layer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/channels_first.h"
#include "keras/custom_layers.h"
#include "keras/layer_notes.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {

std::vector<const LayerSpec*> all_layers() {
  return {
#define HOARFROST_LAYER(file) &layer_##file,
#include "keras/layers/layers.def"
#undef HOARFROST_LAYER
  };
}

Values without_masks(Values values) {
  for (Value& value : values) value.mask = {};
  return values;
}

std::string group_of(std::string_view name, std::string_view group) {
  const size_t slash = name.rfind('/');
  return std::string(group.empty() && slash != std::string_view::npos ? name.substr(0, slash) : group);
}

const LayerSpec* find_layer(std::string_view class_name) {
  const auto find = [](std::string_view wanted) -> const LayerSpec* {
    for (const LayerSpec* spec : all_layers()) {
      for (const auto name : spec->class_names) {
        if (name == wanted) return spec;
      }
    }
    return nullptr;
  };
  const LayerSpec* whole = find(class_name);
  const size_t bracket = class_name.rfind('>');
  if (whole != nullptr || bracket == std::string_view::npos) return whole;
  // TensorFlow Addons has classes of Keras' names that are others (MultiHeadAttention).
  return class_name.starts_with("Addons>") ? nullptr : find(class_name.substr(bracket + 1));
}

namespace {

// Names the class (registered by a package it is "my_package>Squash") and what it is configured as, cut.
[[noreturn]] void refuse_class(const Config& config) {
  const std::string& name = config.class_name();
  const std::string plain = name.substr(name.rfind('>') + 1);
  Json own = Json::object();
  for (const auto& [key, value] : config.json().items()) {
    const bool is_of_training = key.ends_with("_initializer") || key.ends_with("_regularizer") ||
                                key.ends_with("_constraint") || key == "trainable";
    if (!is_of_training && !value.is_null() && key != "name" && key != "dtype" && key != "call_arguments")
      own[key] = value;
  }
  std::string said = own.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (said.size() > 300) said = said.substr(0, 300) + "…";
  const SaidByHand* known = find_custom_layer(plain);
  const std::string hint =
      known != nullptr ? fmt::format("; that of {} is --custom {}='{}'", known->from, plain, known->meaning) : "";
  throw Error(ErrorCode::kUnsupported, config.where(),
              fmt::format("{}, configured as {}: --custom {}=LAYER says which of Keras' layers it is, --custom {}='x * "
                          "w[0]' what it computes (docs/lambda.md){}",
                          name != plain ? "a custom layer, whose meaning is in its author's Python and not in the file"
                                        : fmt::format("`{}` is not supported (`hoarfrost layers` lists what is); if it "
                                                      "is a custom layer, its meaning is not in the file",
                                                      name),
                          said, plain, plain, hint));
}

// A layer whose `activation` is a PReLU, which has weights of its own: Keras keeps them behind the layer's.
struct WithPReLU {
  std::shared_ptr<const Layer> layer;
  std::shared_ptr<const Layer> activation;
  std::string name;  // of the activation

  Shapes infer(const Shapes& in) const { return activation->infer(layer->infer(in)); }

  std::vector<WeightSpec> weights(const Shapes& in) const {
    std::vector<WeightSpec> result = layer->weights(in);
    for (WeightSpec& spec : activation->weights(layer->infer(in))) {
      spec.name = name + "/" + spec.name;
      spec.group = "activation";
      result.push_back(std::move(spec));
    }
    return result;
  }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shapes shapes = shapes_of(in);
    Values out = layer->lower(lowering, in);
    out.at(0).shape = layer->infer(shapes).at(0);
    const size_t n = layer->weights(shapes).size();
    return lowering.inner(*activation, name, n, lowering.n_weights() - n, {out[0]});
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    const Shapes shapes = shapes_of(in);
    const auto n = static_cast<std::ptrdiff_t>(layer->weights(shapes).size());
    const Formula y = layer->reference({weights.begin(), weights.begin() + n}, in).at(0);
    Tensor values(DType::kFloat64, y.shape);
    const auto target = values.mutable_values<double>();
    for (size_t i = 0; i < target.size(); ++i) target[i] = y.at(Index::at_offset(y.shape, static_cast<int64_t>(i)));
    return activation->reference({weights.begin() + n, weights.end()}, {Array(values)});
  }
};

// The PReLU that is the layer's activation, or nullptr.
const Json* prelu_of(const Config& config) {
  const auto found = config.json().find("activation");
  if (found == config.json().end() || !found->is_object() || !found->contains("config")) return nullptr;
  return found->value("class_name", Json()) == "PReLU" && found->at("config").is_object() ? &found->at("config")
                                                                                          : nullptr;
}

std::shared_ptr<const Layer> parse_with_prelu(const Config& config, const Json& activation) {
  Json plain = config.json();
  plain["activation"] = "linear";
  const std::string name =
      activation.value("name", Json()).is_string() ? activation.at("name").get<std::string>() : std::string("p_re_lu");
  return std::make_shared<detail::Adapter<WithPReLU>>(
      WithPReLU{parse_layer(Config(plain, config.class_name(), config.version())),
                parse_layer(Config(activation, "PReLU", config.version())), name});
}

}  // namespace

std::shared_ptr<const Layer> parse_layer(const Config& config) {
  const LayerSpec* spec = find_layer(config.class_name());
  if (spec == nullptr) {
    if (const std::string_view reason = refusal_of(config.class_name()); !reason.empty()) config.unsupported(reason);
    refuse_class(config);
  }
  if (is_channels_first(config)) {
    Json last = config.json();
    last.erase("dim_ordering");
    last["data_format"] = "channels_last";
    return channels_first(parse_layer(Config(last, config.class_name(), config.version())), config);
  }
  if (const Json* activation = prelu_of(config); activation != nullptr && config.class_name() != "Activation")
    return parse_with_prelu(config, *activation);
  auto layer = spec->parse(config);
  if (const auto unread = config.unread(); !unread.empty()) {
    config.unsupported(fmt::format("configuration key{} `{}` not understood; it may change what the layer computes",
                                   unread.size() > 1 ? "s" : "", fmt::join(unread, "`, `")));
  }
  return layer;
}

bool is_floating(DType dtype) {
  return dtype == DType::kFloat32 || dtype == DType::kFloat64 || dtype == DType::kFloat16 || dtype == DType::kBFloat16;
}

void expect_inputs(const Shapes& in, size_t n) {
  if (in.size() != n)
    throw Error(ErrorCode::kMismatch, "",
                fmt::format("expected {} input{}, found {}", n, n == 1 ? "" : "s", in.size()));
}

void expect_rank(const Shape& in, int rank) {
  if (in.rank() != rank) {
    throw Error(ErrorCode::kMismatch, "", fmt::format("expected an input of {} axes, found {}", rank, in.to_string()));
  }
}

}  // namespace hoarfrost::keras
