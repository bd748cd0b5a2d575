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

// Where a layer's weights are in the file: the layer of the outermost model that it is, or is within, and in Keras 3's
// layout the groups on the way from there.
struct StoredPlace {
  std::string top;
  std::string groups;  // "layers/functional/layers", "layer" of a wrapper; "" of a layer of the outermost model
};

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

// Those of a nested model's weights that are of this layer. Keras 1 and 2 store a model's trainable weights first, so
// what another layer's weights part from the first ones is not trainable.
Json weights_named_for(const std::vector<StoredWeight>& weights, const std::string& layer) {
  std::vector<StoredWeight> own;
  std::vector<bool> are_trainable;
  bool has_ended = false;
  for (const StoredWeight& weight : weights) {
    const bool is_own = ("/" + weight.path).find("/" + layer + "/") != std::string::npos;
    if (is_own) {
      own.push_back(weight);
      are_trainable.push_back(!has_ended);
    }
    has_ended = has_ended || (!is_own && !own.empty());
  }
  Json result = named_weights(own);
  for (size_t i = 0; i < own.size(); ++i) result[i]["trainable"] = static_cast<bool>(are_trainable[i]);
  return result;
}

// Those in this group, named from there on.
Json weights_in_group(const std::vector<StoredWeight>& weights, const std::string& group) {
  std::vector<StoredWeight> own;
  for (StoredWeight weight : weights) {
    if (!weight.path.starts_with(group + "/")) continue;
    weight.name = weight.path.substr(group.size() + 1);
    own.push_back(std::move(weight));
  }
  return named_weights(own);
}

class Substitution {
 public:
  Substitution(const LoadOptions& options, const hdf5::Tree* weights)
      : expressions_(options.lambdas), classes_(options.custom_classes), random_is_mean_(options.random_is_mean) {
    const auto has = [&](const char* root) { return weight_layout(*weights, root) != WeightLayout::kNone; };
    if (weights != nullptr && (has("/model_weights") || has("/"))) stored_ = read_stored_weights(*weights);
  }

  void visit(Json& json, const StoredPlace& place = {}, int depth = 0) {
    if (depth > kDeepest || !json.is_structured()) return;
    if (json.is_object() && json.contains("class_name") && json.at("class_name").is_string() && json.contains("config"))
      replace(json, place);
    if (!json.is_object()) {
      for (Json& value : json) visit(value, place, depth + 1);
      return;
    }
    for (const auto& [key, value] : json.items()) {
      if (value.is_array() && (key == "layers" || key == "config"))  // Keras 1 and 2 write a Sequential as a list
        visit_layers(value, place, depth + 1);
      else if (value.is_object() && (key == "layer" || key == "forward_layer" || key == "backward_layer"))
        visit(value, within(place, key), depth + 1);
      else
        visit(value, place, depth + 1);
    }
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
  static StoredPlace within(const StoredPlace& place, const std::string& group) {
    return {place.top, place.groups.empty() ? group : fmt::format("{}/{}", place.groups, group)};
  }

  // Keras 3 keeps the weights of a model's own layers in groups named by class: "att", "att_1", …; the older layout, by
  // the layer's name.
  void visit_layers(Json& layers, const StoredPlace& place, int depth) {
    std::map<std::string, int> n_used;
    for (Json& layer : layers) {
      if (!layer.is_object()) {
        visit(layer, place, depth + 1);
        continue;
      }
      const std::string base = snake_case(plain_class_name(text_at(layer, "class_name")));
      const int n = n_used[base]++;
      const std::string group = n == 0 ? base : fmt::format("{}_{}", base, n);
      const bool is_outermost = place.top.empty();
      if (!is_outermost)
        visit(layer, within(place, "layers/" + group), depth + 1);
      else
        visit(layer, {stored_.has_order ? name_of(layer) : group, ""}, depth + 1);
    }
  }

  static std::string name_of(const Json& layer) {
    const auto config = layer.find("config");
    const std::string name = config != layer.end() && config->is_object() ? text_at(*config, "name") : "";
    return name.empty() ? text_at(layer, "name") : name;
  }

  void replace(Json& json, const StoredPlace& place) {
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
    const std::string name = name_of(json);
    const auto expression = expressions_.find(name);
    if (expression != expressions_.end()) {
      used_.insert(name);
      become_expression(json, place, expression->second, fmt::format("--lambda {}", name));
    } else if (known != classes_.end() && is_expression(known->second)) {
      become_expression(json, place, known->second, fmt::format("--custom {}", known->first));
    }
  }

  static void become(Json& json, const std::string& class_name) {
    if (!json.contains("stored_class_name"))
      json["stored_class_name"] = plain_class_name(json.at("class_name").get<std::string>());
    json["class_name"] = class_name;
    json.erase("registered_name");
    json.erase("module");
  }

  void become_expression(Json& json, const StoredPlace& place, const std::string& expression,
                         const std::string& option) {
    const std::string name = name_of(json);
    Json config{{"name", name}, {"expression", expression}, {"option", option}, {"config", json.at("config")}};
    // What the layer says of its input and type stays.
    for (const char* key :
         {"trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "arguments", "random"}) {
      if (json.at("config").contains(key)) config[key] = json.at("config").at(key);
    }
    config["weights"] = weights_of(place, name);
    become(json, "Lambda");
    json["config"] = std::move(config);
  }

  [[nodiscard]] Json weights_of(const StoredPlace& place, const std::string& name) const {
    const auto found = std::ranges::find(stored_.layers, place.top, &StoredLayer::name);
    if (found == stored_.layers.end()) return Json::array();
    const bool is_alone = place.groups.find("layers/") == std::string::npos;  // or alone in a wrapper
    if (place.groups.empty() || (stored_.has_order && is_alone)) return named_weights(found->weights);
    return stored_.has_order ? weights_named_for(found->weights, name) : weights_in_group(found->weights, place.groups);
  }

  const std::map<std::string, std::string>& expressions_;
  const std::map<std::string, std::string>& classes_;
  bool random_is_mean_;
  StoredWeights stored_;
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
