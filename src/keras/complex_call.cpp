#include "keras/complex_call.h"

#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/lambda/meaning.h"
#include "keras/lowering.h"
#include "keras/operation.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

constexpr std::string_view kMakers[] = {"signal.fft",
                                        "signal.ifft",
                                        "signal.rfft",
                                        "signal.stft",
                                        "compat.v1.spectral.fft",
                                        "compat.v1.spectral.ifft",
                                        "compat.v1.spectral.rfft",
                                        "complex",
                                        "dtypes.complex",
                                        "FFT",
                                        "IFFT",
                                        "RFFT",
                                        "Complex"};
constexpr std::string_view kTakers[] = {"math.abs",   "abs",  "math.real", "math.imag", "math.angle", "signal.irfft",
                                        "ComplexAbs", "Real", "Imag",      "Angle",     "IRFFT"};

bool is_among(std::string_view word, std::span<const std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

bool has_complex(const Json& json, int depth = 0) {
  if (!json.is_structured() || depth > 8) return false;
  if (json.is_object() && json.contains("complex")) return true;
  return std::ranges::any_of(json, [&](const Json& value) { return has_complex(value, depth + 1); });
}

bool is_complex_type(const Json& type) {
  if (type.is_object() && type.contains("type")) return is_complex_type(type.at("type"));
  return type.is_string() &&
         (type.get<std::string>().starts_with("complex") || type.get<std::string>().starts_with("DT_COMPLEX"));
}

// One function of complex numbers, followed as a Lambda's is.
struct ComplexCall {
  std::string function;
  Json arguments;
  Json keywords;
  Version version;
  std::string name;
  bool random_is_mean = false;

  static constexpr bool kAutocasts = false;
  Shapes infer(const Shapes& in) const { return trace(in).output_shapes(); }
  Values lower(Lowering& lowering, const Values& in) const { return trace(shapes_of(in)).lower(lowering, in); }
  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return trace(shapes_of(in)).reference(in); }

 private:
  [[nodiscard]] Trace trace(const Shapes& in) const {
    Trace result(in, version, name);
    result.random_is_mean = random_is_mean;
    Meaning meaning(result);
    std::vector<python::Value> given;
    for (const Json& argument : arguments) given.push_back(value_of_json(argument));
    python::Keywords named;
    for (const auto& [key, value] : keywords.items()) named.emplace_back(key, value_of_json(value));
    python::Value value = function == "__operators__.getitem" && given.size() + named.size() == 2
                              ? call_complex(meaning, "tf.__operators__.getitem", given, named).value()
                              : meaning.call(python::Value::name(canonical_name("tf." + function)), given, named);
    if (value.is(python::Value::Kind::kComplex)) value = complex_parts(meaning, value);
    result.set_result(value);
    return result;
  }
};

}  // namespace

bool may_take_complex(std::string_view class_name) {
  return class_name == "TFOpLambda" || class_name == "SlicingOpLambda" || class_name == "TensorFlowOpLayer";
}

bool gives_complex(const Json& layer, bool takes_complex, const Json& kwargs) {
  if (!may_take_complex(plain_class_name(text_at(layer, "class_name")))) return false;
  const Json& config = layer.at("config");
  if (!config.is_object()) return false;
  if (const auto node = config.find("node_def"); node != config.end() && node->is_object()) {
    const std::string op = text_at(*node, "op");
    if (op == "Cast") {
      const Json attributes = node->value("attr", Json::object());
      return attributes.is_object() && is_complex_type(attributes.value("DstT", Json()));
    }
    return is_among(op, kMakers) || (takes_complex && !is_among(op, kTakers));
  }
  const std::string function = text_at(config, "function");
  if (function == "cast") return kwargs.is_object() && is_complex_type(kwargs.value("dtype", Json()));
  return is_among(function, kMakers) || (takes_complex && !is_among(function, kTakers));
}

bool is_complex_call(std::string_view function, const Config& config) {
  if (is_among(function, kMakers) || function == "signal.irfft" || function == "compat.v1.spectral.irfft") return true;
  const auto call = config.json().find("call_arguments");
  if (call == config.json().end()) return false;
  if (function == "cast" && is_complex_type(call->value("kwargs", Json::object()).value("dtype", Json()))) return true;
  return has_complex(*call);
}

std::shared_ptr<const Layer> parse_complex_call(const Config& config, const std::string& function) {
  ComplexCall result{function, Json::array(), Json::object(), config.version(), config.name()};
  const Json* call = config.find({"call_arguments"});
  if (call == nullptr) {
    result.arguments.push_back(Json{{"tensor", 0}});
  } else {
    result.arguments = call->at("args");
    result.keywords = call->at("kwargs");
  }
  result.keywords.erase("name");
  result.random_is_mean = config.find({"random"}) != nullptr;
  return make_operation(std::move(result));
}

}  // namespace hoarfrost::keras
