#include "keras/python_json.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

std::string text_of(const Json& scalar) {
  if (scalar.is_number_float() && scalar.get<double>() == std::numeric_limits<double>::max()) return "Infinity";
  if (scalar.is_number_float() && scalar.get<double>() == std::numeric_limits<double>::lowest()) return "-Infinity";
  return scalar.dump(-1, ' ', true, Json::error_handler_t::replace);
}

void append(const Json& json, std::string& text) {
  if (!json.is_structured()) {
    text += text_of(json);
    return;
  }
  text += json.is_array() ? '[' : '{';
  bool is_first = true;
  for (const auto& [key, value] : json.items()) {
    if (!is_first) text += ", ";
    is_first = false;
    if (json.is_object()) text += text_of(Json(key)) + ": ";
    append(value, text);
  }
  text += json.is_array() ? ']' : '}';
}

}  // namespace

std::string python_json(const Json& json) {
  std::string text;
  append(json, text);
  return text;
}

}  // namespace hoarfrost::keras
