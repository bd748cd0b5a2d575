#include "training/callbacks/arguments.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <algorithm>

namespace hoarfrost::training {
namespace {

[[noreturn]] void no_such_parameter(const PythonCall& call, const std::string& name,
                                    std::span<const std::string_view> parameters) {
  const std::vector<std::string> all(parameters.begin(), parameters.end());
  throw Error(ErrorCode::kInvalidArgument, call.name,
              all.empty() ? fmt::format("takes no arguments, found `{}`", name)
                          : fmt::format("has no argument `{}`; nearest names: {}", name,
                                        fmt::join(graph::nearest_names(name, all), ", ")));
}

}  // namespace

CallbackArguments::CallbackArguments(const PythonCall& call, std::span<const std::string_view> parameters)
    : class_name_(call.name) {
  size_t n_positional = 0;
  for (const PythonArgument& argument : call.arguments) {
    const auto* parameter = parameters.data();
    const auto* end = parameter + parameters.size();
    if (!argument.name.empty()) {
      parameter = std::find(parameter, end, argument.name);
      if (parameter == end) no_such_parameter(call, argument.name, parameters);
    } else if (n_positional == parameters.size()) {
      throw Error(
          ErrorCode::kInvalidArgument, call.name,
          fmt::format("takes at most {} arguments, found `{}` after them", parameters.size(), argument.value.text));
    } else {
      parameter += n_positional++;
    }
    if (std::ranges::find(values_, *parameter, &std::pair<std::string_view, PythonValue>::first) != values_.end()) {
      throw Error(ErrorCode::kInvalidArgument, call.name, fmt::format("`{}` is given twice", *parameter));
    }
    values_.emplace_back(*parameter, argument.value);
  }
}

const PythonValue* CallbackArguments::find(std::string_view parameter) const {
  const auto found = std::ranges::find(values_, parameter, &std::pair<std::string_view, PythonValue>::first);
  return found == values_.end() || found->second.kind == PythonValue::Kind::kNone ? nullptr : &found->second;
}

std::string CallbackArguments::get_text(std::string_view parameter, std::optional<std::string> fallback) const {
  const PythonValue* value = find(parameter);
  if (value == nullptr) {
    if (!fallback) fail(parameter, "is missing");
    return *fallback;
  }
  if (value->kind != PythonValue::Kind::kText) fail(parameter, fmt::format("expected a text, found `{}`", value->text));
  return value->text;
}

double CallbackArguments::get_float(std::string_view parameter, double fallback) const {
  const PythonValue* value = find(parameter);
  if (value == nullptr) return fallback;
  const bool is_number = value->kind == PythonValue::Kind::kInt || value->kind == PythonValue::Kind::kFloat;
  if (!is_number) fail(parameter, fmt::format("expected a number, found `{}`", value->text));
  return value->number;
}

int64_t CallbackArguments::get_int(std::string_view parameter, int64_t fallback) const {
  const PythonValue* value = find(parameter);
  if (value == nullptr) return fallback;
  if (value->kind != PythonValue::Kind::kInt)
    fail(parameter, fmt::format("expected a whole number, found `{}`", value->text));
  return static_cast<int64_t>(value->number);
}

bool CallbackArguments::get_bool(std::string_view parameter, bool fallback) const {
  const PythonValue* value = find(parameter);
  if (value == nullptr) return fallback;
  const bool is_flag = value->kind == PythonValue::Kind::kBool || value->kind == PythonValue::Kind::kInt;
  if (!is_flag) fail(parameter, fmt::format("expected True or False, found `{}`", value->text));
  return value->number != 0;
}

void CallbackArguments::fail(std::string_view parameter, std::string_view message) const {
  throw Error(ErrorCode::kInvalidArgument, fmt::format("{}: {}", class_name_, parameter), message);
}

void CallbackArguments::unsupported(std::string_view parameter, std::string_view message) const {
  throw Error(ErrorCode::kUnsupported, fmt::format("{}: {}", class_name_, parameter), message);
}

}  // namespace hoarfrost::training
