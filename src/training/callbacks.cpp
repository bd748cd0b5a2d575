#include "training/callbacks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

#include <algorithm>
#include <map>

#include "training/callbacks/arguments.h"

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

std::vector<std::unique_ptr<Callback>> make_callbacks(std::span<const std::string> texts) {
  std::vector<std::unique_ptr<Callback>> result;
  std::map<std::string, int> n_made;
  for (const std::string& text : texts) {
    const PythonCall call = parse_python_call(text);
    const CallbackSpec& spec = spec_of(call);
    const int n = n_made[call.name]++;
    result.push_back(
        spec.make(n == 0 ? call.name : fmt::format("{}_{}", call.name, n), CallbackArguments(call, spec.parameters)));
  }
  return result;
}

std::unique_ptr<Callback> make_callback(const std::string& text) {
  return std::move(make_callbacks({&text, 1}).front());
}

}  // namespace hoarfrost::training
