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

// One for each token; pad_to_max_tokens has stored more of them.
Json idf_weights_of(const hdf5::Tree* weights, const std::string& group, size_t n_tokens) {
  const std::string path = hdf5::join(hdf5::join("/" + group, "vars"), kStoredByName);
  if (weights == nullptr || weights->kind(path) != hdf5::Kind::kDataset) return nullptr;
  const Tensor values = weights->dataset(path);
  const Reader reader(values);
  Json result = Json::array();
  for (int64_t i = 0; i < std::min(values.n_elements(), static_cast<int64_t>(n_tokens)); ++i)
    result.push_back(reader[i]);
  return result;
}

void add(Json& model, const std::string& folder, const VocabularyAssets& assets, const hdf5::Tree* weights, int depth) {
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
    if (is_model_class(class_name)) add(layer, own + "/", assets, weights, depth + 1);
    const bool is_text = class_name == "StringLookup" || class_name == "TextVectorization";
    const auto found = assets.find(own);
    if ((!is_text && class_name != "IntegerLookup") || found == assets.end()) continue;
    Json& own_config = layer["config"];
    if (!own_config["vocabulary"].is_null()) continue;
    own_config["vocabulary"] = tokens_of(found->second, is_text);
    const std::string mode = text_at(own_config, "output_mode");
    if (mode == "tf_idf" || mode == "tf-idf")
      own_config["idf_weights"] = idf_weights_of(weights, own, own_config["vocabulary"].size());
  }
}

}  // namespace

void add_vocabularies(Json& architecture, const VocabularyAssets& assets, const hdf5::Tree* weights) {
  if (!assets.empty()) add(architecture, "", assets, weights, 0);
}

}  // namespace hoarfrost::keras
