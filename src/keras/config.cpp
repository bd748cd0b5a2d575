#include "keras/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <array>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

std::string joined(Config::Names names) { return fmt::format("`{}`", fmt::join(names, "` or `")); }

// Keys of every layer that say how it was trained, built or stored: inference does not depend on them.
bool is_for_training_only(std::string_view key) {
  constexpr std::array<std::string_view, 13> kKeys{"name",           "trainable",         "dtype",       "build_config",
                                                   "compile_config", "batch_input_shape", "input_shape", "input_dtype",
                                                   "init",           "stored_class_name", "autocast",    "sparse",
                                                   "ragged"};
  for (const auto known : kKeys) {
    if (key == known) return true;
  }
  return key.ends_with("_initializer") || key.ends_with("_regularizer") || key.ends_with("_constraint");
}

// What a missing feature looks like: null, false, 0, "", [] and {}.
bool says_nothing(const Json& value) {
  return value.is_null() || (value.is_boolean() && !value.get<bool>()) || value.empty();
}

}  // namespace

Config::Config(const Json& json, std::string class_name, Version version)
    : json_(&json), class_name_(std::move(class_name)), version_(version) {
  if (!json.is_object())
    throw Error(ErrorCode::kCorrupt, class_name_, "expected a configuration object, found something else");
}

std::string Config::name() const {
  const auto found = json_->find("name");
  return found != json_->end() && found->is_string() ? found->get<std::string>() : class_name_;
}

std::string Config::where() const {
  const auto stored = json_->find("stored_class_name");  // where a person says that the class is another (--custom)
  const bool is_told = stored != json_->end() && stored->is_string();
  return fmt::format("layer `{}` ({})", name(), is_told ? stored->get<std::string>() : class_name_);
}

bool Config::has(std::string_view key) const {
  const auto found = json_->find(key);
  return found != json_->end() && !found->is_null();
}

const Json* Config::find(Names names) const {
  const Json* result = nullptr;
  for (const auto key : names) {
    read_.emplace(key);
    const auto found = json_->find(key);
    if (result == nullptr && found != json_->end() && !found->is_null()) result = &*found;
  }
  return result;
}

void Config::ignore(Names names) const {
  for (const auto key : names) read_.emplace(key);
}

int64_t Config::get_int(Names names, std::optional<int64_t> fallback) const {
  const Json* value = find(names);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr) fail(fmt::format("the configuration has no {}", joined(names)));
  if (value->is_number_integer()) return value->get<int64_t>();
  if (value->is_number_float() && static_cast<double>(value->get<int64_t>()) == value->get<double>())
    return value->get<int64_t>();
  if (value->is_array() && value->size() == 1 && value->front().is_number_integer())
    return value->front().get<int64_t>();
  fail(fmt::format("{} must be a whole number, found {}", joined(names), value->dump()));
}

double Config::get_float(Names names, std::optional<double> fallback) const {
  const Json* value = find(names);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr) fail(fmt::format("the configuration has no {}", joined(names)));
  if (value->is_number()) return value->get<double>();
  // NumPy scalars: {"type": "ndarray"|"numpy", "value": 0.3}, or Keras 3's {"class_name": "__numpy__", …}.
  if (value->is_object() && value->contains("value") && value->at("value").is_number())
    return value->at("value").get<double>();
  fail(fmt::format("{} must be a number, found {}", joined(names), value->dump()));
}

bool Config::get_bool(Names names, std::optional<bool> fallback) const {
  const Json* value = find(names);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr) fail(fmt::format("the configuration has no {}", joined(names)));
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number_integer()) return value->get<int64_t>() != 0;
  fail(fmt::format("{} must be true or false, found {}", joined(names), value->dump()));
}

std::string Config::get_string(Names names, std::optional<std::string> fallback) const {
  const Json* value = find(names);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr) fail(fmt::format("the configuration has no {}", joined(names)));
  if (value->is_string()) return value->get<std::string>();
  fail(fmt::format("{} must be a string, found {}", joined(names), value->dump()));
}

std::vector<int64_t> Config::get_list(Names names, std::optional<std::vector<int64_t>> fallback) const {
  const Json* value = find(names);
  if (value == nullptr && fallback) return *fallback;
  if (value == nullptr) fail(fmt::format("the configuration has no {}", joined(names)));
  if (value->is_number_integer()) return {value->get<int64_t>()};
  std::vector<int64_t> result;
  if (!value->is_array())
    fail(fmt::format("{} must be a list of whole numbers, found {}", joined(names), value->dump()));
  for (const Json& element : *value) {
    if (!element.is_number_integer())
      fail(fmt::format("{} must be a list of whole numbers, found {}", joined(names), value->dump()));
    result.push_back(element.get<int64_t>());
  }
  return result;
}

std::vector<int64_t> Config::get_ints(Names names, size_t n, std::optional<int64_t> fallback) const {
  const Json* value = find(names);
  if (value == nullptr && fallback) return std::vector<int64_t>(n, *fallback);
  if (value != nullptr && value->is_number_integer()) return std::vector<int64_t>(n, value->get<int64_t>());
  std::vector<int64_t> result = get_list(names);
  if (result.size() == 1) result.resize(n, result.front());
  if (result.size() != n) fail(fmt::format("{} must have {} numbers, found {}", joined(names), n, result.size()));
  return result;
}

Shape Config::get_shape(Names names) const {
  const Json* value = find(names);
  if (value == nullptr) fail(fmt::format("the configuration has no {}", joined(names)));
  if (!value->is_array()) fail(fmt::format("{} must be a shape, found {}", joined(names), value->dump()));
  std::vector<int64_t> sizes;
  for (const Json& element : *value) {
    if (!element.is_null() && !element.is_number_integer())
      fail(fmt::format("{} must be a shape, found {}", joined(names), value->dump()));
    sizes.push_back(element.is_null() ? kUnknown : element.get<int64_t>());
  }
  return Shape(std::move(sizes));
}

DType Config::dtype() const {
  const auto found = json_->find("dtype");
  if (found == json_->end() || found->is_null()) return DType::kFloat32;
  std::string name;
  if (found->is_string())
    name = found->get<std::string>();
  else if (found->is_object() && found->contains("config") && found->at("config").is_object()) {
    const Json& config = found->at("config");  // Keras 3's DTypePolicy, Keras 2's Policy
    if (config.contains("name") && config.at("name").is_string()) name = config.at("name").get<std::string>();
  }
  if (name == "mixed_float16") return DType::kFloat16;
  if (name == "mixed_bfloat16") return DType::kBFloat16;
  if (const auto dtype = dtype_from_name(name)) return *dtype;
  unsupported(fmt::format("unknown dtype {}", found->dump()));
}

std::vector<std::string> Config::unread() const {
  std::vector<std::string> result;
  for (const auto& [key, value] : json_->items()) {
    if (!read_.contains(key) && !is_for_training_only(key) && !says_nothing(value)) result.push_back(key);
  }
  return result;
}

void Config::fail(std::string_view message) const { throw Error(ErrorCode::kCorrupt, where(), message); }
void Config::unsupported(std::string_view message) const { throw Error(ErrorCode::kUnsupported, where(), message); }

}  // namespace hoarfrost::keras
