// Keras 0.x wrote {"name": "Sequential", "layers": [{"name": "Dense", "output_dim": 5, "custom_name": "dense", …}, …]}.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <map>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/legacy/keras1.h"

namespace hoarfrost::keras::legacy {
namespace {

constexpr int kDeepestLayers = 32;

// Words that came with a version, or went with it.
bool says(const std::string& text, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (text.find(fmt::format("\"{}\":", key)) != std::string::npos) return true;
  }
  return false;
}

class Translator {
 public:
  explicit Translator(Version version) : version_(version) {}

  Json layer(const Json& old, int depth) {
    const std::string class_name = old.is_object() ? text_at(old, "name") : "";
    if (class_name.empty() || depth > kDeepestLayers)
      throw Error(ErrorCode::kCorrupt, "", "expected layers with a `name`, as Keras 0.x wrote them");
    if (class_name == "AutoEncoder") {
      throw Error(ErrorCode::kUnsupported, "",
                  "Keras 0.x' AutoEncoder is not read; its Sequential and Graph models are");
    }
    if (class_name == "Graph") {
      return keras0_graph(old, [&](const Json& node) { return layer(node, depth + 1); });
    }
    if (class_name == "Sequential") return {{"class_name", class_name}, {"config", layers(old, depth)}};
    Json config = Json::object();
    for (const auto& [key, value] : old.items()) {
      if (key != "name" && key != "custom_name" && key != "layer" && key != "layers") config[key] = value;
    }
    config["name"] = name(old, class_name);
    if (class_name == "Merge") config["layers"] = layers(old, depth);
    if (old.contains("layer")) config["layer"] = layer(old.at("layer"), depth + 1);
    if (class_name == "Masking" || config.value("mask_zero", Json(false)) == Json(true))
      expect_todays_masks(config, class_name);
    if (class_name == "Dropout") return dropout(std::move(config));
    add_shape(config, class_name);
    if (config.value("ignore_border", Json(true)) == Json(false)) {
      throw Error(ErrorCode::kUnsupported, fmt::format("layer `{}` ({})", text_at(config, "name"), class_name),
                  "ignore_border false takes windows that the border cuts off, which TensorFlow's pooling does not");
    }
    for (const char* key : {"ignore_border", "truncate_gradient"}) config.erase(key);
    if (class_name == "Activation") {  // of a sparsity that training asked for
      for (const char* key : {"target", "beta"}) config.erase(key);
    }
    return {{"class_name", class_name}, {"config", std::move(config)}};
  }

 private:
  // Keras 0.2 set a recurrent layer's states to 0 at masked steps, 0.3.0 and 0.3.1 gave zeros there.
  void expect_todays_masks(const Json& config, const std::string& class_name) const {
    if (version_ >= Version{0, 3} && version_.patch >= 2) return;
    throw Error(ErrorCode::kUnsupported, fmt::format("layer `{}` ({})", text_at(config, "name"), class_name),
                "masks meant something else before Keras 0.3.2, which this JSON does not seem to be of; if it is, say "
                "\"keras_version\": \"0.3.3\" beside its \"layers\"");
  }

  // Until 0.3 what dropout keeps was not scaled in training, but in inference: x · (1 − p).
  Json dropout(Json config) const {
    const double p = config.value("p", Json(0.0)).is_number() ? config.value("p", 0.0) : 0.0;
    if (version_ >= Version{0, 3} || p == 0) return {{"class_name", "Dropout"}, {"config", std::move(config)}};
    if (version_ < Version{0, 2}) {
      throw Error(ErrorCode::kUnsupported, fmt::format("layer `{}` (Dropout)", text_at(config, "name")),
                  "Keras 0.2 multiplies by 1 - p at inference and Keras 0.3 does not, and nothing in this JSON tells "
                  "which wrote it: say it, "
                  "with \"keras_version\": \"0.2.0\" or \"0.3.0\" beside its \"layers\"");
    }
    return {{"class_name", "Rescaling"}, {"config", {{"name", config.at("name")}, {"scale", 1 - p}}}};
  }

  Json layers(const Json& old, int depth) {
    const auto found = old.find("layers");
    if (found == old.end() || !found->is_array())
      throw Error(ErrorCode::kCorrupt, "", fmt::format("Keras 0.x' `{}` without `layers`", text_at(old, "name")));
    Json result = Json::array();
    for (const Json& inner : *found) result.push_back(layer(inner, depth + 1));
    return result;
  }

  // The person's name, or one made of the class's as Keras 1 made them.
  std::string name(const Json& old, const std::string& class_name) {
    const std::string given = text_at(old, "custom_name");
    if (!given.empty() && given != class_name && named_.insert({given, 1}).second) return given;
    std::string lower = class_name;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string result;
    do result = fmt::format("{}_{}", lower, ++used_[lower]);
    while (!named_.insert({result, 1}).second);
    return result;
  }

  // Its input's shape was said without the batch, or by input_dim alone.
  static void add_shape(Json& config, const std::string& class_name) {
    if (config.contains("batch_input_shape")) return;
    Json shape = Json::array({Json()});
    if (class_name == "Embedding") {  // it said its input_dim for its input's shape
      shape.push_back(config.value("input_length", Json()));
    } else if (config.contains("input_shape") && config.at("input_shape").is_array()) {
      for (const Json& size : config.at("input_shape")) shape.push_back(size);
    } else if (config.contains("input_dim") && config.at("input_dim").is_number_integer()) {
      const bool is_sequence = config.contains("input_length") || class_name.find("RNN") != std::string::npos ||
                               class_name == "LSTM" || class_name == "GRU" || class_name == "TimeDistributedDense" ||
                               class_name == "Convolution1D";
      if (is_sequence) shape.push_back(config.value("input_length", Json()));
      shape.push_back(config.at("input_dim"));
    } else {
      return;
    }
    config["batch_input_shape"] = std::move(shape);
  }

  Version version_;
  std::map<std::string, int> used_;
  std::map<std::string, int> named_;
};

}  // namespace

Version keras0_version(const Json& model) {
  const std::string text = model.dump();
  if (says(text, {"cache_enabled"})) return {0, 3, false, 2};
  if (says(text, {"dim_ordering", "go_backwards", "stateful"})) return {0, 3};
  if (says(text, {"ignore_border", "truncate_gradient", "nb_row"})) return {0, 2};
  // Keras 0.3 keeps the optimizer's numbers as float32, and writes 0.009999999776482582 for 0.01.
  const auto optimizer = model.find("optimizer");
  const auto rate = optimizer != model.end() && optimizer->is_object() ? optimizer->value("lr", Json()) : Json();
  if (!rate.is_number()) return {0, 0};
  const double value = rate.get<double>();
  const bool is_float = static_cast<double>(static_cast<float>(value)) == value;
  if (!is_float) return {0, 2};
  return fmt::format("{}", value).size() > 10 ? Version{0, 3} : Version{0, 0};
}

Json keras0_translated(const Json& model, Version version) { return Translator(version).layer(model, 0); }

}  // namespace hoarfrost::keras::legacy
