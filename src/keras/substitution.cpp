#include "keras/substitution.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <set>

#include "keras/architecture.h"
#include "keras/lambda/random.h"
#include "keras/layer.h"

namespace hoarfrost::keras {
namespace {

constexpr int kDeepest = 64;

class Substitution {
 public:
  Substitution(const std::map<std::string, std::string>& expressions, const std::map<std::string, std::string>& classes,
               bool random_is_mean)
      : expressions_(expressions), classes_(classes), random_is_mean_(random_is_mean) {}

  void visit(Json& json, int depth = 0) {
    if (depth > kDeepest || !json.is_structured()) return;
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
      if (find_layer(known) == nullptr)
        throw Error(ErrorCode::kInvalidArgument, "--custom",
                    fmt::format("`{}` is no known layer (`hoarfrost layers` lists them)", known));
      if (!used_classes_.contains(name))
        throw Error(ErrorCode::kInvalidArgument, "--custom", fmt::format("the model has no layer of class `{}`", name));
    }
  }

 private:
  void replace(Json& json) {
    const std::string class_name = json.at("class_name").get<std::string>();
    auto known = classes_.find(class_name);
    if (known == classes_.end()) known = classes_.find(plain_class_name(class_name));
    if (known != classes_.end()) {
      used_classes_.insert(known->first);
      json["class_name"] = known->second;
      json.erase("registered_name");
      json.erase("module");
    }
    if (!json.at("config").is_object()) return;
    const bool may_be_random =
        class_name == "Lambda" ||
        (class_name == "TFOpLambda" && is_random_function("tf." + text_at(json.at("config"), "function")));
    if (random_is_mean_ && may_be_random) json["config"]["random"] = "mean";
    std::string name = text_at(json.at("config"), "name");
    if (name.empty()) name = text_at(json, "name");
    const auto expression = expressions_.find(name);
    if (expression == expressions_.end() || is_model_class(plain_class_name(class_name))) return;
    used_.insert(name);
    Json config{{"name", name}, {"expression", expression->second}};
    // What the layer says of its input and type stays.
    for (const char* key :
         {"trainable", "dtype", "batch_input_shape", "batch_shape", "input_shape", "arguments", "random"}) {
      if (json.at("config").contains(key)) config[key] = json.at("config").at(key);
    }
    json["class_name"] = "Lambda";
    json["config"] = std::move(config);
    json.erase("registered_name");
    json.erase("module");
  }

  const std::map<std::string, std::string>& expressions_;
  const std::map<std::string, std::string>& classes_;
  bool random_is_mean_;
  std::set<std::string> used_;
  std::set<std::string> used_classes_;
};

}  // namespace

Json substituted(Json model, const std::map<std::string, std::string>& expressions,
                 const std::map<std::string, std::string>& classes, bool random_is_mean) {
  if (expressions.empty() && classes.empty() && !random_is_mean) return model;
  Substitution substitution(expressions, classes, random_is_mean);
  substitution.visit(model);
  substitution.expect_all_used();
  return model;
}

}  // namespace hoarfrost::keras
