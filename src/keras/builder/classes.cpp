#include "keras/builder/classes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

namespace hoarfrost::keras::builder {
namespace {

constexpr const char* kClasses =
#include "keras/builder/classes.inc"
    ;

// Arguments that the constructors of layers hand on (**kwargs); the last is that of recurrent ones.
constexpr std::string_view kOfAll[] = {"name",        "trainable",         "dtype",
                                       "input_shape", "batch_input_shape", "zero_output_for_mask"};

using Rows = std::map<std::pair<std::string, std::string>, const Json*, std::less<>>;

// By kind ("layer", "initializer", …) and name; nullptr where Keras 2.15 has none.
const Json* find_row(const std::string& kind, const std::string& name) {
  static const Json kJson = Json::parse(kClasses);
  static const Rows kRows = [] {
    Rows rows;
    for (const Json& row : kJson) {
      rows[{row.at("kind"), row.at("class_name")}] = &row;
      for (const Json& alias : row.value("aliases", Json::array())) rows[{row.at("kind"), alias}] = &row;
    }
    return rows;
  }();
  const auto found = kRows.find(std::pair(kind, name));
  return found == kRows.end() ? nullptr : found->second;
}

bool has(const Json& list, std::string_view item) {
  return std::ranges::any_of(list, [&](const Json& each) { return each == item; });
}

void expect_argument(const Json& row, const std::string& argument) {
  if (row.at("config").contains(argument) || has(row.value("arguments", Json::array()), argument)) return;
  std::set<std::string> names;
  for (const Json& name : row.value("arguments", Json::array())) names.insert(name);
  if (row.at("kind") == "layer") {
    if (std::ranges::find(kOfAll, argument) != std::end(kOfAll)) return;
    names.insert(std::begin(kOfAll), std::end(kOfAll));
  }
  for (const auto& [key, value] : row.at("config").items()) names.insert(key);
  throw Error(ErrorCode::kInvalidArgument, row.at("class_name").get<std::string>(),
              fmt::format("has no argument `{}`; the nearest: {}", argument,
                          fmt::join(graph::nearest_names(argument, {names.begin(), names.end()}, 2), ", ")));
}

// A number where the form has a list of equal ones stands for each of them: kernel_size 3 is [3, 3], padding 1 is
// [[1, 1], [1, 1]], and so is (1, 1).
Json fitted(const Json& value, const Json& form) {
  if (!form.is_array() || form.empty()) return value;
  const bool is_even = std::ranges::all_of(form, [&](const Json& item) { return item == form.front(); });
  if (!value.is_array()) {
    if (!is_even || !value.is_number()) return value;
    Json result = Json::array();
    for (const Json& item : form) result.push_back(fitted(value, item));
    return result;
  }
  if (value.size() != form.size()) return value;
  Json result = Json::array();
  for (size_t i = 0; i < value.size(); ++i) result.push_back(fitted(value[i], form[i]));
  return result;
}

Json object_of(const std::string& kind, const Json& value);

Json normalized(const Json& row, const std::string& key, const Json& value) {
  for (const char* kind : {"initializer", "regularizer", "constraint"}) {
    if (key.ends_with(kind)) return object_of(kind, value);
  }
  if ((key == "shared_axes" || key == "attention_axes") && value.is_number()) return Json::array({value});
  if (value.is_number() && has(row.value("float32", Json::array()), key))
    return static_cast<double>(static_cast<float>(value.get<double>()));
  const auto form = row.at("config").find(key);
  return form == row.at("config").end() ? value : fitted(value, *form);
}

void set_arguments(const Json& row, const Json& arguments, Json& config) {
  for (const auto& [key, value] : arguments.items()) {
    expect_argument(row, key);
    config[key] = normalized(row, key, value);
  }
  for (size_t i = 0; i < row.value("required", size_t{0}); ++i) {
    const std::string argument = row.at("arguments").at(i);
    if (!arguments.contains(argument))
      throw Error(ErrorCode::kInvalidArgument, row.at("class_name").get<std::string>(),
                  fmt::format("lacks its argument `{}`", argument));
  }
}

// A name, or {"class_name", "config"} as Argument makes it of an Object; others (a configuration that Keras wrote)
// stay.
Json object_of(const std::string& kind, const Json& value) {
  if (value.is_object() && value.contains("module")) return value;
  const std::string name = value.is_string()   ? value.get<std::string>()
                           : value.is_object() ? value.value("class_name", "")
                                               : "";
  if (name.empty()) return value;
  const Json* row = find_row(kind, name);
  if (row == nullptr) throw Error(ErrorCode::kInvalidArgument, name, fmt::format("is no {} of Keras 2.15", kind));
  Json config = row->at("config");
  if (value.is_object()) set_arguments(*row, value.at("config"), config);
  return {{"module", fmt::format("keras.{}s", kind)},
          {"class_name", row->at("class_name")},
          {"config", config},
          {"registered_name", nullptr}};
}

// input_shape is batch_input_shape without the batch, which has its place behind the type.
Json with_input_shape(const Json& arguments, const Json& row) {
  Json result = arguments;
  if (const auto shape = arguments.find("input_shape"); shape != arguments.end() && shape->is_array()) {
    Json whole = Json::array({nullptr});
    whole.insert(whole.end(), shape->begin(), shape->end());
    result.erase("input_shape");
    result["batch_input_shape"] = whole;
  }
  if (row.at("class_name") == "Embedding" && arguments.contains("input_length") &&
      !result.contains("batch_input_shape")) {
    Json whole = Json::array({nullptr});
    const Json& length = arguments.at("input_length");
    if (length.is_array())
      whole.insert(whole.end(), length.begin(), length.end());
    else
      whole.push_back(length);
    result["batch_input_shape"] = whole;
  }
  return result;
}

// Defaults that follow from other arguments.
void set_derived(const std::string& class_name, const Json& arguments, Json& config) {
  const auto is_none = [&](const char* key) { return !arguments.contains(key) || arguments.at(key).is_null(); };
  if (config.contains("pool_size") && is_none("strides")) config["strides"] = config.at("pool_size");
  if (class_name == "MultiHeadAttention" && is_none("value_dim")) config["value_dim"] = config.at("key_dim");
}

}  // namespace

std::string class_name_of(std::string_view name) {
  const Json* row = find_row("layer", std::string(name));
  return row == nullptr ? std::string(name) : row->at("class_name").get<std::string>();
}

std::vector<std::string> positional_arguments(const std::string& class_name) {
  const Json* row = find_row("layer", class_name);
  return row == nullptr ? std::vector<std::string>() : row->value("arguments", std::vector<std::string>());
}

Json layer_config(const std::string& class_name, const std::string& name, const Json& arguments) {
  Json config = {{"name", name}};
  const Json* row = find_row("layer", class_name);
  if (row == nullptr) {
    config.update(arguments);
    config["name"] = name;
    return config;
  }
  config.update(row->at("config"));
  set_arguments(*row, with_input_shape(arguments, *row), config);
  set_derived(class_name, arguments, config);
  return config;
}

Json serialized(const std::string& class_name, Json config) {
  const bool is_operation = class_name == "TFOpLambda" || class_name == "SlicingOpLambda";
  return {{"module", is_operation ? "keras.src.layers.core.tf_op_layer" : "keras.layers"},
          {"class_name", class_name},
          {"config", std::move(config)},
          {"registered_name", is_operation ? Json(class_name) : Json()}};
}

}  // namespace hoarfrost::keras::builder
