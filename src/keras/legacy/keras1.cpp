// Which files are Keras 1's, and the walk over their models.
#include "keras/legacy/keras1.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/architecture.h"

namespace hoarfrost::keras::legacy {
namespace {

constexpr int kDeepest = 32;  // models within models

// Keys that only Keras 1 wrote.
bool has_keras1_words(const Json& config) {
  for (const auto* key :
       {"border_mode", "nb_filter", "dim_ordering", "subsample", "init", "W_regularizer", "consume_less"}) {
    if (config.contains(key)) return true;
  }
  return false;
}

// Calls visit(layer) for the layers of a model's configuration and of those within it.
template <typename Visit>
void visit_layers(const Json& config, const Visit& visit, int depth = 0) {
  if (depth > kDeepest) return;
  const Json* layers = config.is_array() ? &config : nullptr;
  if (config.is_object() && config.contains("layers") && config.at("layers").is_array()) layers = &config.at("layers");
  if (layers == nullptr) return;
  for (const Json& layer : *layers) {
    if (!layer.is_object() || !layer.contains("config")) continue;
    visit(layer);
    visit_layers(layer.at("config"), visit, depth + 1);
  }
}

// Keras 1 kept the order of axes out of some layers' configurations (UpSampling2D, Cropping2D): it was one for a
// session.
std::string ordering_of(const Json& config) {
  std::string result = "tf";
  visit_layers(config, [&](const Json& layer) {
    const Json& inner = layer.at("config");
    const std::string stated = inner.is_object() ? text_at(inner, "dim_ordering") : "";
    if (stated == "th") result = "th";
  });
  return result;
}

void translate_model(Json& model, const std::string& ordering, int depth) {
  if (depth > kDeepest)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("models are nested more than {} deep", kDeepest));
  const auto config = model.find("config");
  if (config == model.end()) return;
  const bool is_list = config->is_array();
  if (!is_list && (!config->is_object() || !config->contains("layers"))) return;
  Json& layers = is_list ? *config : (*config)["layers"];
  if (!layers.is_array()) return;
  const bool is_merged =
      is_list && !layers.empty() && layers.front().is_object() && text_at(layers.front(), "class_name") == "Merge";
  if (is_merged) {
    Json functional = without_branches(layers, text_at(model, "name"));
    model["class_name"] = "Model";
    model["config"] = std::move(functional);
    return translate_model(model, ordering, depth + 1);
  }
  for (Json& layer : layers) {
    if (!layer.is_object()) continue;
    if (is_model_class(text_at(layer, "class_name")))
      translate_model(layer, ordering, depth + 1);
    else
      translate_layer(layer, ordering);
  }
}

}  // namespace

bool is_keras1(const Json& model, Version version) {
  if (!model.is_object()) return false;
  const bool is_keras0 =
      !model.contains("class_name") && model.contains("name") && (model.contains("layers") || model.contains("nodes"));
  if (is_keras0 || version.major < 2) return true;
  bool result = false;
  if (model.contains("config")) {
    visit_layers(model.at("config"), [&](const Json& layer) {
      const Json& config = layer.at("config");
      result = result || (config.is_object() && has_keras1_words(config));
    });
  }
  return result;
}

Json translated(const Json& model, Version version) {
  const bool is_keras0 = !model.contains("class_name");
  Json result = is_keras0 ? keras0_translated(model, version) : model;
  // Keras 0.x knew no other order than Theano's until 0.3, and then it said it.
  const bool is_theano = is_keras0 && version < Version{0, 3};
  translate_model(result, is_theano ? "th" : ordering_of(result.contains("config") ? result.at("config") : Json()), 0);
  return result;
}

}  // namespace hoarfrost::keras::legacy
