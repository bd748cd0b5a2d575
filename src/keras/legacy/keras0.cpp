// Keras 0.x wrote {"name": "Sequential", "layers": [{"name": "Dense", "output_dim": 5, "custom_name": "dense", …}, …]}.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <map>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/legacy/keras1.h"

namespace hoarfrost::keras::legacy {
namespace {

constexpr int kDeepest = 32;

class Translator {
 public:
  Json layer(const Json& old, int depth) {
    const std::string class_name = old.is_object() ? text_at(old, "name") : "";
    if (class_name.empty() || depth > kDeepest) throw Error(ErrorCode::kCorrupt, "", "expected layers with a `name`, as Keras 0.x wrote them");
    if (class_name == "Graph" || class_name == "AutoEncoder") {
      throw Error(ErrorCode::kUnsupported, "", fmt::format("Keras 0.x' `{}` is not read; only its Sequential models are", class_name));
    }
    if (class_name == "Sequential") return {{"class_name", class_name}, {"config", layers(old, depth)}};
    Json config = Json::object();
    for (const auto& [key, value] : old.items()) {
      if (key != "name" && key != "custom_name" && key != "layer" && key != "layers") config[key] = value;
    }
    config["name"] = name(old, class_name);
    if (class_name == "Merge") config["layers"] = layers(old, depth);
    if (old.contains("layer")) config["layer"] = layer(old.at("layer"), depth + 1);
    add_shape(config, class_name);
    return {{"class_name", class_name}, {"config", std::move(config)}};
  }

 private:
  Json layers(const Json& old, int depth) {
    const auto found = old.find("layers");
    if (found == old.end() || !found->is_array()) throw Error(ErrorCode::kCorrupt, "", fmt::format("Keras 0.x' `{}` without `layers`", text_at(old, "name")));
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
    if (config.contains("input_shape") && config.at("input_shape").is_array()) {
      for (const Json& size : config.at("input_shape")) shape.push_back(size);
    } else if (config.contains("input_dim") && config.at("input_dim").is_number_integer() && class_name != "Embedding") {
      const bool is_sequence = config.contains("input_length") || class_name.find("RNN") != std::string::npos || class_name == "LSTM" ||
                               class_name == "GRU" || class_name == "TimeDistributedDense" || class_name == "Convolution1D";
      if (is_sequence) shape.push_back(config.value("input_length", Json()));
      shape.push_back(config.at("input_dim"));
    } else {
      return;
    }
    config["batch_input_shape"] = std::move(shape);
  }

  std::map<std::string, int> used_;
  std::map<std::string, int> named_;
};

}  // namespace

Json keras0_translated(const Json& model) { return Translator().layer(model, 0); }

}  // namespace hoarfrost::keras::legacy
