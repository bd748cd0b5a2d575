#include "training/compilation.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::training {
namespace {

Json value_at(const Json& json, std::string_view key) {
  const auto found = json.is_object() ? json.find(key) : json.end();
  return json.is_object() && found != json.end() ? *found : Json();
}

// Keras 3 wraps losses and metrics as {"module", "class_name": "function", "config": NAME}; Keras 2.15's metric objects
// of a function are MeanMetricWrapper with "fn".
Json plain(const Json& json) {
  if (!json.is_object()) return json;
  const std::string class_name = text_in(json, "class_name");
  const Json config = value_at(json, "config");
  if (class_name == "function" && config.is_string()) return config;
  return json;
}

std::string metric_name(const Json& given) {
  const Json json = plain(given);
  if (json.is_string()) return json.get<std::string>();
  const std::string class_name = text_in(json, "class_name");
  const Json config = value_at(json, "config");
  const std::string function = text_in(config, "fn"), own = text_in(config, "name");
  if (own == "accuracy" || own == "acc") return own;
  if (const double k = number_in(config, {"k"}, 0); k > 0 && k != 5 && class_name.find("TopK") != std::string::npos)
    return fmt::format("{}top_{}_categorical_accuracy", class_name.starts_with("Sparse") ? "sparse_" : "",
                       static_cast<int>(k));
  return class_name == "MeanMetricWrapper" || class_name == "Mean" ? function : class_name;
}

// One entry per output, from Keras' single value, list, or dictionary by output name.
std::vector<Json> by_output(const Json& json, const std::vector<std::string>& names) {
  std::vector<Json> result(names.size());
  if (json.is_null()) return {};
  const bool is_object = json.is_object() && !json.contains("class_name");
  for (size_t i = 0; i < names.size(); ++i) {
    if (is_object)
      result[i] = value_at(json, names[i]);
    else if (json.is_array())
      result[i] = i < json.size() ? json.at(i) : Json();
    else
      result[i] = json;
  }
  return result;
}

std::vector<Json> metrics_by_output(const Json& json, const std::vector<std::string>& names) {
  const bool is_flat = json.is_array() && std::ranges::none_of(json, [](const Json& item) { return item.is_array(); });
  if (!is_flat) return by_output(json, names);
  return std::vector<Json>(names.size(), json);  // one list counts for every output
}

void add_metrics(const Json& list, std::vector<std::string>& metrics, std::vector<std::string>& notes) {
  for (const Json& item : list.is_array() ? list : Json::array({list})) {
    if (item.is_null()) continue;
    const std::string name = metric_name(item);
    try {
      if (name != "accuracy" && name != "acc") (void)Metric(name);
      metrics.push_back(name);
    } catch (const Error&) {
      notes.push_back(
          fmt::format("the file's metric `{}` is not known here and is left out", name.empty() ? item.dump() : name));
    }
  }
}

Json optimizer_in(const Json& config) {
  for (const char* key : {"optimizer_config", "optimizer"}) {
    const Json found = value_at(config, key);
    if (!found.is_null()) return found;
  }
  return {};
}

}  // namespace

ReadCompilation compilation_from(const std::string& text, const std::vector<std::string>& output_names) {
  ReadCompilation result;
  if (text.empty()) return result;
  const Json config = Json::parse(text, nullptr, false);
  if (config.is_discarded() || !config.is_object())
    throw Error(ErrorCode::kCorrupt, "training_config", "expected a JSON object");
  Compilation& compilation = result.compilation;
  if (const Json optimizer = optimizer_in(config); !optimizer.is_null()) {
    try {
      (void)Optimizer(optimizer);
      compilation.optimizer = optimizer;
    } catch (const Error& error) {
      compilation.refused_optimizer = fmt::format("the file's training configuration: {}", error.what());
    }
  }
  for (const Json& loss : by_output(value_at(config, "loss"), output_names)) {
    try {
      (void)Loss(plain(loss));
      compilation.losses.push_back(plain(loss));
    } catch (const Error& error) {
      compilation.refused_loss = fmt::format("the file's training configuration: {}", error.what());
      compilation.losses.clear();
      break;
    }
  }
  for (const Json& weight : by_output(value_at(config, "loss_weights"), output_names))
    compilation.loss_weights.push_back(weight.is_number() ? weight.get<double>() : 1);
  for (const Json& metrics : metrics_by_output(value_at(config, "metrics"), output_names))
    add_metrics(metrics, compilation.metrics.emplace_back(), result.notes);
  return result;
}

std::string training_config(const Compilation& compilation, const Optimizer& optimizer,
                            const std::vector<std::string>& output_names) {
  const bool is_one = output_names.size() == 1;
  Json losses = is_one ? compilation.losses.at(0) : Json(compilation.losses);
  Json weights = compilation.loss_weights.empty() ? Json() : Json(compilation.loss_weights);
  Json metrics = compilation.metrics.empty() ? Json()
                 : is_one                    ? Json(compilation.metrics[0])
                                             : Json(compilation.metrics);
  return Json{{"loss", losses},
              {"metrics", metrics},
              {"weighted_metrics", nullptr},
              {"loss_weights", weights},
              {"optimizer_config", optimizer.json()}}
      .dump();
}

Metric metric_for(const std::string& name, const Shape& labels, const Shape& output) {
  if (name != "accuracy" && name != "acc") return Metric(name);
  const bool is_binary = output.rank() > 0 && output.last() == 1;
  const bool is_sparse =
      labels.rank() < output.rank() || (labels.rank() > 0 && labels.last() == 1 && output.last() > 1);
  Metric result(is_binary ? "binary_accuracy" : is_sparse ? "sparse_categorical_accuracy" : "categorical_accuracy");
  result.rename(name);
  return result;
}

}  // namespace hoarfrost::training
