#include "keras/vocabulary_assets.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/variables.h"

namespace hoarfrost::keras {
namespace {

constexpr int kDeepest = 32;  // models within models

// Keras writes "\n".join(tokens): a text that ends in a line's end has the empty token last.
Json tokens_of(const std::string& text, bool is_text) {
  Json tokens = Json::array();
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    int64_t number = 0;
    const auto [last, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (!is_text && error == std::errc() && last == line.data() + line.size())
      tokens.push_back(number);
    else
      tokens.push_back(line);
    at = end + 1;
  }
  return tokens;
}

void add(Json& model, const std::string& folder, const VocabularyAssets& assets, int depth) {
  if (depth > kDeepest || !model.is_object() || !model.contains("config") || !model["config"].is_object()) return;
  Json& config = model["config"];
  if (!config.contains("layers") || !config["layers"].is_array()) return;
  std::map<std::string, int> used;
  for (Json& layer : config["layers"]) {
    if (!layer.is_object() || !layer.contains("config") || !layer["config"].is_object()) continue;
    const std::string class_name = plain_class_name(text_at(layer, "class_name"));
    const std::string base = snake_case(class_name);
    const int n = used[base]++;
    const std::string own = folder + "layers/" + (n == 0 ? base : base + "_" + std::to_string(n));
    if (is_model_class(class_name)) add(layer, own + "/", assets, depth + 1);
    const bool is_text = class_name == "StringLookup";
    const auto found = assets.find(own);
    if ((!is_text && class_name != "IntegerLookup") || found == assets.end()) continue;
    Json& vocabulary = layer["config"]["vocabulary"];
    if (vocabulary.is_null()) vocabulary = tokens_of(found->second, is_text);
  }
}

}  // namespace

void add_vocabularies(Json& architecture, const VocabularyAssets& assets) {
  if (!assets.empty()) add(architecture, "", assets, 0);
}

}  // namespace hoarfrost::keras
