#include "keras/substitution.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <set>

#include "keras/architecture.h"
#include "keras/lambda/random.h"
#include "keras/layer.h"
#include "keras/stored_weights.h"
#include "keras/variables.h"
#include "keras/weights.h"

namespace hoarfrost::keras {
namespace {

constexpr int kDeepest = 64;

bool is_word(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) { return std::isalnum(c) != 0 || c == '_' || c == '>'; });
}

bool is_expression(const std::string& text) { return !is_word(text) || text == "x" || text == "inputs"; }

// "0" of Keras 3's files, which hold no names, is the first "variable"; no two weights have one name.
Json named_weights(const std::vector<StoredWeight>& weights) {
  Json result = Json::array();
  std::set<std::string> used;
  for (const StoredWeight& weight : weights) {
    const size_t begin = weight.name.rfind('/') + 1;
    const bool is_number = std::ranges::all_of(weight.name.substr(begin), [](char c) { return c >= '0' && c <= '9'; });
    const std::string base = is_number ? weight.name.substr(0, begin) + "variable" : weight.name;
    std::string name = base;
    for (int i = 1; !used.insert(name).second; ++i) name = fmt::format("{}_{}", base, i);
    result.push_back({{"name", name}, {"shape", weight.shape.sizes()}});
  }
  return result;
}

class Substitution {
 public:
  Substitution(const LoadOptions& options, const hdf5::Tree* weights)
      : expressions_(options.lambdas), classes_(options.custom_classes), random_is_mean_(options.random_is_mean) {
    const auto has = [&](const char* root) { return weight_layout(*weights, root) != WeightLayout::kNone; };
    if (weights != nullptr && (has("/model_weights") || has("/"))) stored_ = read_stored_weights(*weights);
  }

  void visit(Json& json, int depth = 0) {
    if (depth > kDeepest || !json.is_structured()) return;
    if (json.is_object() && json.contains("layers") && json.at("layers").is_array()) name_groups(json.at("layers"));
    if (json.is_object() && json.contains("class_name") && json.at("class_name").is_string() && json.contains("config"))
      replace(json);
    for (Json& value : json) visit(value, depth + 1);
  }

  void expect_all_used() const {
    for (const auto& [name, expression] : expressions_) {
      if (!used_.contains(name))
        throw Error(ErrorCode::kInvalidArgument, "--lambda", fmt::format("the model has no layer `{}`", name));
    }
    for (const auto& [name, known] : classes_) {
      if (!is_expression(known) && find_layer(known) == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "--custom",
                    fmt::format("`{}` is no known layer (`hoarfrost layers` lists them)", known));
      if (!used_classes_.contains(name))
        throw Error(ErrorCode::kInvalidArgument, "--custom", fmt::format("the model has no layer of class `{}`", name));
    }
  }

 private:
  // Keras 3 keeps the weights of a model's own layers in groups named by class: "att", "att_1", ….
  void name_groups(const Json& layers) {
    std::map<std::string, int> n_used;
    for (const Json& layer : layers) {
      if (!layer.is_object()) continue;
      const std::string base = snake_case(plain_class_name(text_at(layer, "class_name")));
      const int n = n_used[base]++;
      groups_[&layer] = n == 0 ? base : fmt::format("{}_{}", base, n);
    }
  }

  void replace(Json& json) {
    const std::string class_name = json.at("class_name").get<std::string>();
    if (is_model_class(plain_class_name(class_name))) return;
    auto known = classes_.find(class_name);
    if (known == classes_.end()) known = classes_.find(plain_class_name(class_name));
    if (known != classes_.end()) used_classes_.insert(known->first);
    if (known != classes_.end() && !is_expression(known->second)) become(json, known->second);
    if (!json.at("config").is_object()) return;
    const bool may_be_random =
        class_name == "Lambda" ||
        (class_name == "TFOpLambda" && is_random_function("tf." + text_at(json.at("config"), "function")));
    if (random_is_mean_ && may_be_random) json["config"]["random"] = "mean";
    std::string name = text_at(json.at("config"), "name");
    if (name.empty()) name = text_at(json, "name");
    const auto expression = expressions_.find(name);
    if (expression != expressions_.end()) {
      used_.insert(name);
      become_expression(json, name, expression->second, fmt::format("--lambda {}", name));
    } else if (known != classes_.end() && is_expression(known->second)) {
      become_expression(json, name, known->second, fmt::format("--custom {}", known->first));
    }
  }

  static void become(Json& json, const std::string& class_name) {
    if (!json.contains("stored_class_name"))
      json["stored_class_name"] = plain_class_name(json.at("class_name").get<std::string>());
    json["class_name"] = class_name;
    json.erase("registered_name");
    json.erase("module");
  }

  void become_expression(Json& json, const std::string& name, const std::string& expression,
                         const std::string& option) {
    Json config{{"name", name}, {"expression", expression}, {"option", option}, {"config", json.at("config")}};
    // What the layer says of its input and type stays.
    for (const char* key :
         {"trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "arguments", "random"}) {
      if (json.at("config").contains(key)) config[key] = json.at("config").at(key);
    }
    const auto group = groups_.find(&json);
    const bool is_legacy = stored_.has_order;
    const std::string wanted = is_legacy ? name : group == groups_.end() ? "" : group->second;
    const auto found = std::ranges::find(stored_.layers, wanted, &StoredLayer::name);
    config["weights"] = found == stored_.layers.end() ? Json::array() : named_weights(found->weights);
    become(json, "Lambda");
    json["config"] = std::move(config);
  }

  const std::map<std::string, std::string>& expressions_;
  const std::map<std::string, std::string>& classes_;
  bool random_is_mean_;
  StoredWeights stored_;
  std::map<const Json*, std::string> groups_;  // of the entries of "layers"
  std::set<std::string> used_;
  std::set<std::string> used_classes_;
};

}  // namespace

Json substituted(Json model, const LoadOptions& options, const hdf5::Tree* weights) {
  if (options.lambdas.empty() && options.custom_classes.empty() && !options.random_is_mean) return model;
  Substitution substitution(options, weights);
  substitution.visit(model);
  substitution.expect_all_used();
  return model;
}

}  // namespace hoarfrost::keras
