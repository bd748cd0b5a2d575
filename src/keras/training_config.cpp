// Loss, metrics and optimizer in the JSON of Keras 2.15's HDF5 and of Keras 3's archives.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/save_parts.h"

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kOptimizers[] = {"SGD",    "RMSprop", "Adagrad", "Adadelta", "Adam",     "AdamW",
                                            "Adamax", "Nadam",   "Ftrl",    "Lion",     "Adafactor"};
// Keras 2's names of functions whose metric class is not the same in camel case.
const std::map<std::string, std::string, std::less<>> kMetricClasses{
    {"kullback_leibler_divergence", "KLDivergence"},
    {"kl_divergence", "KLDivergence"},
    {"log_cosh", "LogCoshError"},
    {"logcosh", "LogCoshError"},
    {"top_k_categorical_accuracy", "TopKCategoricalAccuracy"}};
// Names that Keras 2 knows and Keras 3 does not.
const std::map<std::string, std::string, std::less<>> kNamesInKeras3{
    {"kld", "kl_divergence"}, {"kullback_leibler_divergence", "kl_divergence"}, {"logcosh", "log_cosh"}};

std::string camel_case(std::string_view name) {
  std::string result;
  bool is_first = true;
  for (const char c : name) {
    if (c != '_') result += is_first ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    is_first = c == '_';
  }
  return result;
}

bool is_object_of_class(const Json& json) { return json.is_object() && json.contains("class_name"); }

Json config_of(const Json& json) {
  return json.contains("config") && json.at("config").is_object() ? json.at("config") : Json::object();
}

Json value_or_null(const Json& json, std::string_view key) {
  const auto found = json.find(key);
  return found == json.end() ? Json() : *found;
}

Json learning_rate_in(Dialect dialect, const Json& config) {
  Json rate = config.contains("learning_rate") ? config.at("learning_rate") : value_or_null(config, "lr");
  const Json decay = value_or_null(config, "decay");
  if (rate.is_number() && decay.is_number() && decay.get<double>() != 0) {  // lr / (1 + decay · iterations)
    rate = with_module(Dialect::kJson, "keras.optimizers.schedules", "InverseTimeDecay",
                       {{"initial_learning_rate", rate},
                        {"decay_steps", 1},
                        {"decay_rate", decay},
                        {"staircase", false},
                        {"name", nullptr}},
                       nullptr);
  }
  if (!is_object_of_class(rate)) return rate;
  Json schedule = config_of(rate);
  const std::string name = plain_class_name(text_at(rate, "class_name"));
  // Keras 3 opens a scope of that name.
  if (dialect == Dialect::kKeras3 && text_at(schedule, "name").empty()) schedule["name"] = name;
  return with_module(Dialect::kJson, "keras.optimizers.schedules", name, std::move(schedule), nullptr);
}

Json optimizer_in(Dialect dialect, const Json& json) {
  std::string class_name = json.is_string() ? json.get<std::string>() : plain_class_name(text_at(json, "class_name"));
  const auto* known = std::ranges::find_if(kOptimizers, [&](std::string_view name) {
    return std::ranges::equal(name, class_name, {}, ::tolower, ::tolower);
  });
  if (known == std::end(kOptimizers))
    throw Error(ErrorCode::kUnsupported, "optimizer",
                fmt::format("`{}` is none of Keras {}'s", class_name, dialect == Dialect::kKeras3 ? "3" : "2.15"));
  class_name = *known;
  const Json given = config_of(json);
  const bool is_to_3 = dialect == Dialect::kKeras3;
  // Its own name, unless that is what the other Keras calls the class.
  const std::string usual = is_to_3 ? snake_case(class_name) : class_name;
  const std::string name = text_at(given, "name");
  Json config{{"name", name.empty() || name == (is_to_3 ? class_name : snake_case(class_name)) ? usual : name}};
  const auto take = [&](const char* key, Json fallback) {
    config[key] = given.contains(key) ? given.at(key) : std::move(fallback);
  };
  const Json rate = learning_rate_in(dialect, given);
  if (is_to_3 && !rate.is_null()) config["learning_rate"] = rate;
  for (const char* key : {"weight_decay", "clipnorm", "global_clipnorm", "clipvalue"}) take(key, Json());
  take("use_ema", false);
  take("ema_momentum", 0.99);
  take("ema_overwrite_frequency", Json());
  if (is_to_3) {
    take("loss_scale_factor", Json());
    take("gradient_accumulation_steps", Json());
  } else {
    take("jit_compile", false);
    config["is_legacy_optimizer"] = false;
    if (!rate.is_null()) config["learning_rate"] = rate;
  }
  for (const auto& [key, value] : given.items()) {
    const bool is_elsewhere = config.contains(key) || key == "lr" || key == "learning_rate" || key == "decay" ||
                              key == "schedule_decay" || key == "jit_compile" || key == "is_legacy_optimizer";
    if (is_elsewhere || value.is_null()) continue;  // epsilon null: Keras' own
    if (!is_to_3 && (key == "loss_scale_factor" || key == "gradient_accumulation_steps")) {
      throw Error(ErrorCode::kUnsupported, fmt::format("optimizer `{}`", class_name),
                  fmt::format("`{}` is {}, and Keras 2.15 has no such: save a .keras instead", key, value.dump()));
    }
    config[key] = value;
  }
  if (is_to_3) return with_module(dialect, "keras.optimizers", class_name, std::move(config), nullptr);
  return {{"class_name", "Custom>" + class_name}, {"config", std::move(config)}};
}

Json loss_in(Dialect dialect, const Json& json) {
  const bool is_to_3 = dialect == Dialect::kKeras3;
  if (json.is_string() && is_to_3) {
    const auto found = kNamesInKeras3.find(json.get<std::string>());
    return found == kNamesInKeras3.end() ? json : Json(found->second);
  }
  if (is_object_of_class(json)) {
    Json config = config_of(json);
    if (is_to_3) {
      config.erase("fn");
      if (text_at(config, "reduction") == "auto") config["reduction"] = "sum_over_batch_size";
      return with_module(dialect, "keras.losses", plain_class_name(text_at(json, "class_name")), std::move(config),
                         nullptr);
    }
    config.erase("dtype");
    return {{"class_name", plain_class_name(text_at(json, "class_name"))}, {"config", std::move(config)}};
  }
  if (!json.is_structured()) return json;
  Json result = json;
  for (Json& value : result) value = loss_in(dialect, value);
  return result;
}

Json metric_in(Dialect dialect, const Json& json) {
  const bool is_to_3 = dialect == Dialect::kKeras3;
  if (json.is_string()) return loss_in(dialect, json);
  if (is_object_of_class(json)) {
    Json config = config_of(json);
    std::string class_name = plain_class_name(text_at(json, "class_name"));
    if (!is_to_3) return {{"class_name", class_name}, {"config", std::move(config)}};
    if (class_name == "MeanMetricWrapper") {
      const std::string function = text_at(config, "fn");
      const auto found = kMetricClasses.find(function);
      class_name = found == kMetricClasses.end() ? camel_case(function) : found->second;
      if (function.empty())
        throw Error(ErrorCode::kUnsupported, fmt::format("metric `{}`", text_at(config, "name")),
                    "its function is not in the file: Keras 3 cannot be told of it");
      config.erase("fn");
    }
    return with_module(dialect, "keras.metrics", class_name, std::move(config), nullptr);
  }
  if (!json.is_structured()) return json;
  Json result = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array())
      result.push_back(metric_in(dialect, value));
    else
      result[key] = metric_in(dialect, value);
  }
  return result;
}

// Keras 2.15 has a list of metrics for each output; Keras 3 would take the list of a lone output for a metric.
Json metrics_in(Dialect dialect, const Json& json) {
  Json result = metric_in(dialect, json);
  if (dialect == Dialect::kKeras3 && result.is_array() && result.size() == 1 && result.front().is_array())
    return Json(result.front());
  return result;
}

}  // namespace

Json training_config_in(Dialect dialect, const std::string& training_config) {
  const Json given = parse_json(training_config, "training_config");
  if (!given.is_object())
    throw Error(ErrorCode::kCorrupt, "training_config", "expected loss, metrics and optimizer, found other JSON");
  const Json optimizer = value_or_null(given, "optimizer_config");
  Json result = Json::object();
  if (dialect == Dialect::kKeras3 && !optimizer.is_null()) result["optimizer"] = optimizer_in(dialect, optimizer);
  result["loss"] = loss_in(dialect, value_or_null(given, "loss"));
  const Json weights = value_or_null(given, "loss_weights");
  if (dialect == Dialect::kKeras3) result["loss_weights"] = weights;
  result["metrics"] = metrics_in(dialect, value_or_null(given, "metrics"));
  result["weighted_metrics"] = metrics_in(dialect, value_or_null(given, "weighted_metrics"));
  if (dialect == Dialect::kKeras3) {
    result.update({{"run_eagerly", false}, {"steps_per_execution", 1}, {"jit_compile", "auto"}});
    return result;
  }
  result["loss_weights"] = weights;
  if (!optimizer.is_null()) result["optimizer_config"] = optimizer_in(dialect, optimizer);
  return result;
}

}  // namespace hoarfrost::keras
