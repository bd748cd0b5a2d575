#include "keras/architecture.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/legacy/keras1.h"
#include "keras/operation.h"
#include "keras/wrapped_model.h"

namespace hoarfrost::keras {
namespace {

const Json& config_of(const Json& json, std::string_view name) {
  const auto found = json.find("config");
  if (found == json.end() || found->is_null())
    throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}`", name), "has no `config`");
  return *found;
}

// Walks all configurations of layers, for judging the dialect.
template <typename Visit>
void visit_layers(const Json& json, const Visit& visit, int depth = 0) {
  if (depth > kDeepestModel) return;
  const Json* layers = json.is_array() ? &json : nullptr;
  if (json.is_object() && json.contains("layers") && json.at("layers").is_array()) layers = &json.at("layers");
  if (layers == nullptr) return;
  for (const Json& layer : *layers) {
    if (!layer.is_object() || !layer.contains("config")) continue;
    visit(layer);
    visit_layers(layer.at("config"), visit, depth + 1);
  }
}

// "float64", or a policy's type for variables: float32 unless the policy says one type for everything.
DType compute_dtype(const Json& config) {
  const auto found = config.find("dtype");
  if (found == config.end()) return DType::kFloat32;
  std::string name = found->is_string() ? found->get<std::string>() : "";
  if (found->is_object() && found->contains("config") && found->at("config").is_object()) {
    name = text_at(found->at("config"), "name");
    if (name.empty()) name = text_at(found->at("config"), "source_name");  // of a quantized policy
  }
  const auto dtype = dtype_from_name(name);
  const bool is_float = dtype == DType::kFloat16 || dtype == DType::kBFloat16 || dtype == DType::kFloat64;
  return is_float ? *dtype : DType::kFloat32;
}

// tf.keras' BatchNormalization keeps its weights in float32 at least (BatchNormalizationBase._param_dtype, 2.0
// to 2.15).
DType variable_dtype(const std::string& class_name, DType compute_dtype, Version version) {
  const bool is_batch_norm = class_name == "BatchNormalization" || class_name == "SyncBatchNormalization";
  const bool is_half = compute_dtype == DType::kFloat16 || compute_dtype == DType::kBFloat16;
  return is_batch_norm && is_half && version.major < 3 ? DType::kFloat32 : compute_dtype;
}

// What old weight files ask: the innermost layer's class, order of axes and epsilon.
void set_stored_form(ModelLayer& layer, const Json& config, const std::string& class_name) {
  const Json* inner = &config;
  layer.kernel_class = class_name;
  while (inner->is_object() && inner->contains("layer") && inner->at("layer").is_object()) {
    const Json& wrapped = inner->at("layer");
    layer.kernel_class = plain_class_name(text_at(wrapped, "class_name"));
    if (!wrapped.contains("config")) return;
    inner = &wrapped.at("config");
  }
  if (!inner->is_object()) return;
  layer.is_channels_first = text_at(*inner, "data_format") == "channels_first";
  const auto epsilon = inner->find("epsilon");
  if (epsilon != inner->end() && epsilon->is_number()) layer.epsilon = epsilon->get<double>();
}

ModelLayer parse_input_layer(const Config& config) {
  ModelLayer layer;
  layer.is_input = true;
  layer.input_shape = config.get_shape({"batch_input_shape", "batch_shape"});
  layer.input_dtype = config.has("input_dtype")
                          ? dtype_from_name(config.get_string({"input_dtype"})).value_or(DType::kInvalid)
                          : config.dtype();
  if (config.has("sparse") && config.get_bool({"sparse"}))
    config.unsupported("a sparse input: rebuild the model with a dense one");
  if (config.has("ragged") && config.get_bool({"ragged"}))
    config.unsupported("a ragged input: rebuild the model with a dense one");
  for (const int64_t size : layer.input_shape.sizes()) {
    if (size < kUnknown) config.fail(fmt::format("the shape {} has a negative size", layer.input_shape.to_string()));
  }
  return layer;
}

// Keras 3's Add is a layer or an operation. `module` tells ("keras.layers", "keras.src.ops.numpy"); .h5 files have
// none, but there only a layer's configuration has `trainable`.
bool is_keras3_operation(const Json& json) {
  if (const std::string module = text_at(json, "module"); !module.empty())
    return module.starts_with("keras.src.ops.") || module.starts_with("keras.ops");
  const auto nodes = json.find("inbound_nodes");
  const bool is_keras3 = nodes != json.end() && nodes->is_array() && !nodes->empty() && nodes->front().is_object() &&
                         nodes->front().contains("args");
  const auto config = json.find("config");
  return is_keras3 && config != json.end() && config->is_object() && !config->contains("trainable") &&
         find_operation_class(text_at(json, "class_name")) != nullptr;
}

}  // namespace

std::string place_of(const Json& layer, const std::string& name) {
  const std::string stored = text_at(layer, "stored_class_name");
  return fmt::format("layer `{}` ({})", name, stored.empty() ? plain_class_name(text_at(layer, "class_name")) : stored);
}

std::string text_at(const Json& json, std::string_view key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string plain_class_name(std::string_view class_name) {
  return std::string(class_name.substr(class_name.rfind('>') + 1));
}

std::string registered_class(const Json& json) {
  std::string class_name = text_at(json, "class_name");
  std::string registered = text_at(json, "registered_name");
  const bool is_same = registered.find('>') != std::string::npos && plain_class_name(registered) == class_name;
  return is_same ? registered : class_name;
}

bool is_operation(const Json& json) {
  const std::string class_name = plain_class_name(text_at(json, "class_name"));
  return class_name == "TFOpLambda" || class_name == "SlicingOpLambda" || class_name == "Lambda" ||
         is_keras3_operation(json);
}

bool is_model_class(std::string_view class_name) {
  return class_name == "Sequential" || class_name == "Functional" || class_name == "Model";
}

Version version_by_dialect(const Json& json) {
  Version result{2, 15};
  const auto config = json.find("config");
  if (config == json.end()) {
    return legacy::is_keras1(json, result) ? legacy::keras0_version(json) : result;
  }
  if (config->is_array()) result = {2, 1};
  visit_layers(*config, [&](const Json& layer) {
    const Json& inner = layer.at("config");
    if (!inner.is_object()) return;
    if (inner.contains("batch_shape") || layer.contains("build_config") ||
        (inner.contains("dtype") && inner.at("dtype").is_object() &&
         text_at(inner.at("dtype"), "class_name") == "DTypePolicy")) {
      result = {3, 15};
    }
  });
  // Keras 1.0.4 was the first to say its version in JSON.
  return legacy::is_keras1(json, result) ? Version{1, 0} : result;
}

ModelLayer parse_model_layer(const Json& json, const std::string& name, Version version, const Json* call_arguments,
                             int depth) {
  const std::string class_name = plain_class_name(text_at(json, "class_name"));
  if (class_name.empty()) throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}`", name), "has no `class_name`");
  ModelLayer layer;
  const Json& raw = config_of(json, name);
  const Json* distributed = distributed_model(class_name, raw);
  const bool is_pipeline = class_name == "Pipeline";
  if (distributed != nullptr || is_pipeline || is_model_class(class_name)) {
    layer.model = parse_nested_model(distributed != nullptr ? time_distributed(*distributed, depth + 1)
                                     : is_pipeline          ? sequential_of(json)
                                                            : json,
                                     name, version, depth + 1);
    if (call_arguments != nullptr && !(is_pipeline && are_idle(*call_arguments))) {
      throw Error(ErrorCode::kUnsupported, place_of(json, name),
                  fmt::format("called with arguments {}", call_arguments->dump()));
    }
  } else {
    Json completed = raw;  // with its name, which operation layers of Keras 3 leave out
    if (!completed.is_object()) throw Error(ErrorCode::kCorrupt, place_of(json, name), "`config` is no object");
    completed["name"] = name;
    if (const std::string stored = text_at(json, "stored_class_name"); !stored.empty())
      completed["stored_class_name"] = stored;
    if (call_arguments != nullptr) completed["call_arguments"] = *call_arguments;
    const Config config(completed, registered_class(json), version);
    if (class_name == "InputLayer")
      layer = parse_input_layer(config);
    else
      layer.layer = is_keras3_operation(json) ? parse_operation(config) : parse_layer(config);
    layer.compute_dtype = compute_dtype(completed);
    layer.variable_dtype = variable_dtype(class_name, layer.compute_dtype, version);
    set_stored_form(layer, completed, class_name);
  }
  layer.name = name;
  layer.class_name = class_name;
  layer.stored_class_name = text_at(json, "stored_class_name");
  layer.config = std::make_shared<const Json>(raw);
  const auto trainable = raw.is_object() ? raw.find("trainable") : raw.end();
  layer.is_trainable = trainable == raw.end() || !trainable->is_boolean() || trainable->get<bool>();
  return layer;
}

std::shared_ptr<Model> parse_nested_model(const Json& json, const std::string& name, Version version, int depth) {
  if (depth > kDeepestModel)
    throw Error(ErrorCode::kUnsupported, fmt::format("model `{}`", name),
                fmt::format("models are nested more than {} deep", kDeepestModel));
  auto model = std::make_shared<Model>();
  const Json& config = config_of(json, name);
  model->class_name = plain_class_name(text_at(json, "class_name"));
  model->version = version;
  model->name = name;
  try {
    if (model->class_name == "Sequential")
      parse_sequential(config, *model, depth);
    else
      parse_functional(config, *model, depth);
  } catch (Error& error) {
    if (depth > 0) error.within(fmt::format("model `{}`", name));
    throw;
  }
  return model;
}

namespace {

std::shared_ptr<Model> parse_todays_model(const Json& json, Version version) {
  const std::string class_name = json.is_object() ? text_at(json, "class_name") : "";
  if (class_name.empty())
    throw Error(ErrorCode::kCorrupt, "", "expected a Keras model (`class_name` and `config`), found other JSON");
  if (!is_model_class(plain_class_name(class_name))) {
    const bool is_layer = find_layer(class_name) != nullptr;
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format("`{}` is {}; expected a Sequential or Functional model{}", class_name,
                    is_layer ? "a single layer" : "a model class of its author's, whose meaning is not in the file",
                    is_layer ? "" : ": rebuild the model in the functional API and save it again"));
  }
  const Json& config = config_of(json, class_name);
  std::string name = config.is_object() ? text_at(config, "name") : "";
  if (name.empty()) name = plain_class_name(class_name) == "Sequential" ? "sequential" : "model";
  auto model = parse_nested_model(json, name, version, 0);
  model->architecture = Json{{"class_name", json.at("class_name")}, {"config", config}}.dump();
  return model;
}

}  // namespace

namespace {

// A model class of its author's that was made of inputs and outputs (keras.Model's constructor), say to train it in its
// own way, is a Functional model: its configuration is one.
Json with_known_models(Json json, int depth = 0) {
  if (depth > kDeepestModel || !json.is_structured()) return json;
  for (Json& value : json) {
    if (value.is_structured()) value = with_known_models(std::move(value), depth + 1);
  }
  if (!json.is_object() || !json.contains("class_name") || !json.contains("config")) return json;
  const Json& config = json.at("config");
  const std::string class_name = plain_class_name(text_at(json, "class_name"));
  const bool is_functional = config.is_object() && config.contains("input_layers") &&
                             config.contains("output_layers") && config.contains("layers");
  if (is_functional && !is_model_class(class_name) && find_layer(class_name) == nullptr)
    json["class_name"] = "Functional";
  return json;
}

bool has_unknown_model(const Json& json, int depth = 0) {
  if (depth > kDeepestModel || !json.is_structured()) return false;
  if (json.is_object() && json.contains("config") && json.at("config").is_object() &&
      json.at("config").contains("output_layers") && !is_model_class(plain_class_name(text_at(json, "class_name"))))
    return true;
  return std::ranges::any_of(json, [&](const Json& value) { return has_unknown_model(value, depth + 1); });
}

}  // namespace

std::shared_ptr<Model> parse_model(const Json& json, Version version) {
  if (has_unknown_model(json)) {
    const Json known = with_known_models(json);
    if (!has_unknown_model(known)) return parse_model(known, version);
  }
  if (legacy::is_keras1(json, version)) {
    const Json today = legacy::translated(json, version);
    return parse_todays_model(today, version);
  }
  return parse_todays_model(json, version);
}

}  // namespace hoarfrost::keras
