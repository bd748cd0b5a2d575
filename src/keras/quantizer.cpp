#include "keras/quantizer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <charconv>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace hoarfrost::keras {
namespace {

std::vector<const QuantizerSpec*> all_quantizers() {
  std::vector<const QuantizerSpec*> result;
  for (const auto& family : {fixed_point_quantizers(), sigmoid_quantizers(), sign_quantizers(), power_quantizers()}) {
    for (const QuantizerSpec& spec : family) result.push_back(&spec);
  }
  return result;
}

const QuantizerSpec* find_quantizer(std::string_view name) {
  for (const QuantizerSpec* spec : all_quantizers()) {
    if (spec->name == name) return spec;
  }
  return nullptr;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") + 1 - first);
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> result;
  for (size_t at = 0; at <= text.size();) {
    const size_t end = std::min(text.find(separator, at), text.size());
    if (const auto part = trimmed(text.substr(at, end - at)); !part.empty()) result.push_back(part);
    at = end + 1;
  }
  return result;
}

// True, False, None, a number or a text in quotes. Error{kUnsupported} for anything else.
Json literal(std::string_view text, const Config& where) {
  if (text == "True" || text == "False") return text == "True";
  if (text == "None") return {};
  if (text.size() >= 2 && (text.front() == '\'' || text.front() == '"') && text.back() == text.front())
    return text.substr(1, text.size() - 2);
  int64_t whole = 0;
  if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
      error == std::errc{} && end == text.data() + text.size())
    return whole;
  double number = 0;
  if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
      error == std::errc{} && end == text.data() + text.size())
    return number;
  where.unsupported(
      fmt::format("a quantizer's argument must be a number, True, False, None or a text, found `{}`", text));
}

struct QuantizerCall {
  std::string function;
  Json parameters = Json::object();
};

std::string_view function_of(std::string_view text) { return trimmed(text.substr(0, text.find('('))); }

// "quantized_bits(4, 0, alpha=1)", as QKeras' safe_eval takes it.
QuantizerCall parse_text(std::string_view text, const Config& where) {
  QuantizerCall call{std::string(function_of(text))};
  const size_t open = text.find('(');
  if (open == std::string_view::npos) return call;
  const size_t close = text.rfind(')');
  if (close == std::string_view::npos || close < open || !trimmed(text.substr(close + 1)).empty())
    where.fail(fmt::format("`{}` is no call of a quantizer", text));
  const QuantizerSpec* spec = find_quantizer(call.function);
  if (spec == nullptr) return call;
  const std::vector<std::string_view> names = split(spec->parameters, ' ');
  size_t n_positional = 0;
  for (const std::string_view argument : split(text.substr(open + 1, close - open - 1), ',')) {
    const size_t equals = argument.find('=');
    if (equals != std::string_view::npos) {
      call.parameters[std::string(trimmed(argument.substr(0, equals)))] =
          literal(trimmed(argument.substr(equals + 1)), where);
      continue;
    }
    if (n_positional >= names.size())
      where.fail(fmt::format("`{}` has more arguments than the {} of {}", text, names.size(), call.function));
    call.parameters[std::string(names[n_positional++])] = literal(argument, where);
  }
  return call;
}

// {"class_name": "quantized_bits", "config": {…}}, or the function's name or call as a text.
QuantizerCall parse_call_of(const Json& value, std::string_view key, const Config& where) {
  if (value.is_string()) return parse_text(value.get<std::string>(), where);
  if (!value.is_object() || !value.contains("class_name") || !value.at("class_name").is_string()) {
    where.fail(
        fmt::format("`{}` must be a quantizer's name or an object with a class_name, found {}", key, value.dump()));
  }
  const auto name = value.at("class_name").get<std::string>();
  const Json parameters = value.contains("config") ? value.at("config") : Json();
  if (parameters.is_string())
    return parse_text(parameters.get<std::string>(), where);  // {"class_name": "function", "config": NAME}
  QuantizerCall call{name.substr(name.rfind('>') + 1)};
  if (parameters.is_object()) call.parameters = parameters;
  return call;
}

}  // namespace

Array Quantizer::weight(const Array& w) const {
  if (of_weight) return Array(of_weight(w));
  if (!of) return w;
  Tensor result(DType::kFloat64, w.shape());
  const auto values = result.mutable_values<double>();
  for (size_t i = 0; i < values.size(); ++i) values[i] = of(w.at_offset(static_cast<int64_t>(i)));
  return Array(result);
}

bool names_quantizer(const Config& config, std::string_view key) {
  const Json* value = config.find({key});
  if (value == nullptr) return false;
  if (value->is_string()) return find_quantizer(function_of(value->get<std::string>())) != nullptr;
  if (!value->is_object() || !value->contains("class_name") || !value->at("class_name").is_string()) return false;
  const auto name = value->at("class_name").get<std::string>();
  if (value->contains("config") && value->at("config").is_string())
    return find_quantizer(function_of(value->at("config").get<std::string>())) != nullptr;
  return find_quantizer(name.substr(name.rfind('>') + 1)) != nullptr;
}

Quantizer parse_quantizer(const Config& config, std::string_view key, QuantizerUse use, std::string_view fallback) {
  const Json* value = config.find({key});
  if (value == nullptr && (fallback.empty() || config.json().contains(key))) return {};
  QuantizerCall call = value == nullptr ? parse_text(fallback, config) : parse_call_of(*value, key, config);
  const QuantizerSpec* spec = find_quantizer(call.function);
  if (spec == nullptr) {
    std::vector<std::string_view> names;
    for (const QuantizerSpec* known : all_quantizers()) names.push_back(known->name);
    config.unsupported(fmt::format("`{}` is the quantizer `{}`, which is not known; there are {}", key, call.function,
                                   fmt::join(names, ", ")));
  }
  call.parameters["name"] = config.name();
  const Config parameters(call.parameters, call.function, config.version());
  Quantizer result = spec->make(parameters, use);
  if (const auto unread = parameters.unread(); !unread.empty()) {
    config.unsupported(fmt::format("`{}`: {}'s `{}` is not understood; it may change what is computed", key,
                                   call.function, fmt::join(unread, "`, `")));
  }
  return result;
}

bool parse_flag(const Config& config, std::string_view key, bool fallback) {
  const Json* value = config.find({key});
  if (value == nullptr) return fallback;
  if (value->is_boolean()) return value->get<bool>();
  if (value->is_number()) return value->get<double>() != 0;
  config.fail(fmt::format("`{}` must be true or false, found {}", key, value->dump()));
}

void expect_inference_form(const Config& config) {
  config.ignore({"use_stochastic_rounding", "var_name", "use_ste", "use_variables"});
  if (config.get_float({"qnoise_factor"}, 1.0) != 1)
    config.unsupported("a qnoise_factor other than 1 mixes what is quantized with what is not, which is not converted");
}

}  // namespace hoarfrost::keras
