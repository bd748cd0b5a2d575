#include "keras/wrapped_model.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

// A shape with one more axis, time, behind the batch.
void add_time(Json& config) {
  for (const char* key : {"batch_input_shape", "batch_shape"}) {
    const auto shape = config.find(key);
    if (shape == config.end() || !shape->is_array() || shape->empty()) continue;
    shape->insert(shape->begin() + 1, Json());
  }
}

}  // namespace

Json time_distributed(const Json& model, int depth) {
  if (depth > kDeepestModel)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("models are nested more than {} deep", kDeepestModel));
  Json result = model;
  Json& config = result["config"];
  Json* layers = config.is_array() ? &config : nullptr;
  if (config.is_object() && config.contains("layers")) layers = &config["layers"];
  if (layers == nullptr || !layers->is_array())
    throw Error(ErrorCode::kCorrupt, "", "a model in TimeDistributed has no `layers`");
  for (Json& layer : *layers) {
    if (!layer.is_object() || !layer.contains("config"))
      throw Error(ErrorCode::kCorrupt, "", "a model in TimeDistributed has a layer without `config`");
    const std::string class_name = plain_class_name(text_at(layer, "class_name"));
    if (is_model_class(class_name)) {
      layer = time_distributed(layer, depth + 1);
    } else if (class_name == "InputLayer") {
      add_time(layer["config"]);
    } else if (layer["config"].is_object()) {
      Json inner = {{"class_name", text_at(layer, "class_name")}, {"config", layer["config"]}};
      Json outer = Json::object();
      for (const char* key : {"name", "trainable", "dtype", "batch_input_shape", "batch_shape"}) {
        if (layer["config"].contains(key)) outer[key] = layer["config"][key];
      }
      add_time(outer);
      outer["layer"] = std::move(inner);
      layer["class_name"] = "TimeDistributed";
      layer["config"] = std::move(outer);
    }
  }
  return result;
}

const Json* distributed_model(const std::string& class_name, const Json& config) {
  if (class_name != "TimeDistributed" || !config.is_object() || !config.contains("layer")) return nullptr;
  const Json& inner = config.at("layer");
  return inner.is_object() && inner.contains("config") && is_model_class(plain_class_name(text_at(inner, "class_name")))
             ? &inner
             : nullptr;
}

Json sequential_of(const Json& pipeline) {
  Json result = pipeline;
  result["class_name"] = "Sequential";
  return result;
}

bool are_idle(const Json& call_arguments) {
  if (!call_arguments.is_object() || !call_arguments.contains("kwargs")) return false;
  for (const auto& [key, value] : call_arguments.at("kwargs").items()) {
    if (key != "training" && !(key == "mask" && value.is_null())) return false;
  }
  return true;
}

}  // namespace hoarfrost::keras
