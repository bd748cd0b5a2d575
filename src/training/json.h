// JSON as configurations hold it, and reading a number of it with a default.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

namespace hoarfrost::training {

using Json = nlohmann::ordered_json;

// The number under the first of these keys that is there; else the fallback.
inline double number_in(const Json& config, std::initializer_list<std::string_view> keys, double fallback) {
  for (const std::string_view key : keys) {
    const auto found = config.find(key);
    if (found != config.end() && found->is_number()) return found->get<double>();
  }
  return fallback;
}
inline bool flag_in(const Json& config, std::string_view key, bool fallback) {
  const auto found = config.find(key);
  return found != config.end() && found->is_boolean() ? found->get<bool>() : fallback;
}
inline std::string text_in(const Json& config, std::string_view key) {
  const auto found = config.find(key);
  return found != config.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace hoarfrost::training
