#include "keras/wrapped_layer.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "keras/recurrent.h"

namespace hoarfrost::keras {

std::shared_ptr<const Layer> parse_wrapped(const Config& config) {
  const Json* arguments = config.find({"call_arguments"});
  if (arguments == nullptr) return parse_inner_layer(config, "layer");
  Json json = config.json();
  Json& layer = json["layer"];
  if (layer.is_object() && layer.contains("config") && layer.at("config").is_object())
    layer["config"]["call_arguments"] = *arguments;
  (void)config.find({"layer"});  // read through the copy
  return parse_inner_layer(Config(json, config.class_name(), config.version()), "layer");
}

std::vector<WeightSpec> wrapped_weights(const Layer& layer, const Shapes& in) {
  std::vector<WeightSpec> result = layer.weights(in);
  for (WeightSpec& spec : result) {
    spec.name = "layer/" + spec.name;
    if (!spec.group.empty()) spec.group = "layer/" + spec.group;
  }
  return result;
}

void refuse_training(const Lowering& lowering, std::string_view how) {
  lowering.expect_inference(fmt::format("it is not trained here: {}", how));
}

}  // namespace hoarfrost::keras
