
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/callback.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <algorithm>
#include <map>

#include "training/callbacks/arguments.h"
#include "training/json.h"

namespace hoarfrost::training {
namespace {

std::vector<const CallbackSpec*> callback_specs() {
  return {
#define HOARFROST_CALLBACK(file) &callback_##file,
#include "training/callbacks/callbacks.def"
#undef HOARFROST_CALLBACK
  };
}

const CallbackSpec& spec_of(const PythonCall& call) {
  for (const CallbackSpec* spec : callback_specs()) {
    if (spec->class_name == call.name) return *spec;
  }
  const auto names = callback_names();
  throw Error(ErrorCode::kInvalidArgument, call.name,
              fmt::format("is no callback; nearest names: {}; all: {}",
                          fmt::join(graph::nearest_names(call.name, names, 1), ", "), fmt::join(names, ", ")));
}

}  // namespace

std::vector<std::string> callback_names() {
  std::vector<std::string> names;
  for (const CallbackSpec* spec : callback_specs()) names.emplace_back(spec->class_name);
  return names;
}

namespace {

std::vector<std::unique_ptr<Callback>> make(std::span<const PythonCall> calls) {
  std::vector<std::unique_ptr<Callback>> result;
  std::map<std::string, int> n_made;
  for (const PythonCall& call : calls) {
    const CallbackSpec& spec = spec_of(call);
    const int n = n_made[call.name]++;
    result.push_back(
        spec.make(n == 0 ? call.name : fmt::format("{}_{}", call.name, n), CallbackArguments(call, spec.parameters)));
  }
  return result;
}

PythonValue python_value(const Json& json) {
  using Kind = PythonValue::Kind;
  if (json.is_string()) return {Kind::kText, 0, json.get<std::string>()};
  if (json.is_boolean()) return {Kind::kBool, json.get<bool>() ? 1.0 : 0.0, json.get<bool>() ? "True" : "False"};
  if (json.is_number_integer()) return {Kind::kInt, json.get<double>(), json.dump()};
  if (json.is_number()) return {Kind::kFloat, json.get<double>(), json.dump()};
  if (json.is_null()) return {Kind::kNone, 0, "None"};
  throw Error(ErrorCode::kInvalidArgument, "callback", fmt::format("takes no {}", json.dump()));
}

}  // namespace

std::vector<std::unique_ptr<Callback>> make_callbacks(std::span<const std::string> texts) {
  std::vector<PythonCall> calls;
  for (const std::string& text : texts) calls.push_back(parse_python_call(text));
  return make(calls);
}

std::unique_ptr<Callback> make_callback(const std::string& text) {
  return std::move(make_callbacks({&text, 1}).front());
}

std::unique_ptr<Callback> make_callback(const keras::Object& object) {
  PythonCall call{object.class_name, {}};
  for (const auto& [name, value] : object.arguments) {
    if (value.is_said()) call.arguments.push_back({name, python_value(Json::parse(value.json()))});
  }
  return std::move(make({&call, 1}).front());
}

}  // namespace hoarfrost::training
