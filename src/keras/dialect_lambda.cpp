// A Lambda of Keras 3 in Keras 2's words. Both keep the function's bytecode; what it means must not hang on which Keras
// runs it.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/dialect.h"
#include "keras/lambda/function.h"
#include "python/opcodes.h"

namespace hoarfrost::keras {
namespace {

// What Keras 2.15's Lambda layers find outside their functions, and mean the same by: Python's own names, NumPy and
// TensorFlow.
constexpr std::string_view kNames[] = {"tf",  "np",  "abs", "bool",  "enumerate", "float", "int", "len",   "list",
                                       "max", "min", "pow", "range", "reversed",  "round", "sum", "tuple", "zip"};
constexpr int kNewestPython = 11;  // that TensorFlow 2.15 runs on

}  // namespace

Json lambda_in_keras2(Dialect dialect, const Json& config, const std::string& place, Version version) {
  const Json* written = nullptr;
  if (config.contains("function") && config.at("function").is_object() && config.at("function").contains("config") &&
      config.at("function").at("config").is_object() && config.at("function").at("config").contains("code"))
    written = &config.at("function").at("config");
  if (written == nullptr) cannot_say(dialect, place, "of its function the file has only the name");
  const LambdaFunction function = LambdaFunction::parse(Config(config, "Lambda", version));
  for (const std::string& name : function.outer_names()) {
    if (std::ranges::find(kNames, name) == std::end(kNames))
      cannot_say(dialect, place, fmt::format("its function uses `{}`, which Keras 2.15's Lambda does not find", name));
  }
  const std::vector<int> versions = function.versions();
  if (std::ranges::none_of(versions, [](int one) { return one <= kNewestPython; }))
    cannot_say(dialect, place,
               fmt::format("its function is code of Python {}, on which Keras 2.15 does not run",
                           python::version_name(versions.front())));
  Json result{{"name", config.value("name", Json())},
              {"trainable", config.value("trainable", Json(true))},
              {"dtype", "float32"},
              {"function", Json::array({written->at("code"), written->value("defaults", Json()),
                                        written->value("closure", Json())})},
              {"function_type", "lambda"},
              {"module", "__main__"},
              {"output_shape", nullptr},
              {"output_shape_type", "raw"},
              {"output_shape_module", nullptr},
              {"arguments", config.value("arguments", Json::object())}};
  if (config.contains("output_shape") && config.at("output_shape").is_array())
    result["output_shape"] = config.at("output_shape");
  if (config.contains("dtype")) {
    const Json& dtype = config.at("dtype");
    if (dtype.is_string()) result["dtype"] = dtype;
    if (dtype.is_object() && dtype.contains("config") && dtype.at("config").is_object() &&
        dtype.at("config").contains("name"))
      result["dtype"] = dtype.at("config").at("name");
  }
  return result;
}

}  // namespace hoarfrost::keras
