// Lambda: a Python function of its author's. Keras keeps the function's bytecode, which is followed as data
// (keras/lambda); what it means is operations of TensorFlow. Keras 1.0 to 3.15, CPython 2.7 and 3.4 to 3.13.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

#include "keras/lambda/function.h"
#include "keras/layers/registry.h"
#include "keras/lowering.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

struct Lambda {
  LambdaFunction function;
  Json arguments;  // of the call; null in a Sequential model
  Json keywords;
  std::vector<WeightSpec> own_weights;  // of a custom layer in whose place an expression stands

  static Lambda parse(const Config& config) {
    config.ignore({"mask"});  // Keras' Lambda gives no mask unless told how
    if (const Json* mask = config.find({"mask"}); mask != nullptr)
      config.unsupported("a Lambda with a function for its mask is not converted");
    Lambda result{LambdaFunction::parse(config), {}, Json::object(), {}};
    if (const Json* weights = config.find({"weights"}); weights != nullptr) {
      for (const Json& weight : *weights)
        result.own_weights.push_back({weight.at("name").get<std::string>(),
                                      Shape(weight.at("shape").get<std::vector<int64_t>>()),
                                      weight.value("trainable", true)});
    }
    if (const Json* given = config.find({"arguments"}); given != nullptr && given->is_object())
      result.keywords = *given;
    if (const Json* call = config.find({"call_arguments"}); call != nullptr) {
      result.arguments = call->at("args");
      for (const auto& [key, value] : call->at("kwargs").items()) result.keywords[key] = value;
    }
    return result;
  }

  Shapes infer(const Shapes& in) const { return trace(in).output_shapes(); }
  std::vector<WeightSpec> weights(const Shapes& /*in*/) const { return own_weights; }

  Values lower(Lowering& lowering, const Values& in) const {
    const Trace traced = trace(shapes_of(in));
    if (traced.has_classic_division) {
      const bool is_whole = std::ranges::any_of(in, [](const Value& x) {
        return x.dtype != DType::kFloat32 && x.dtype != DType::kFloat64 && x.dtype != DType::kFloat16 &&
               x.dtype != DType::kBFloat16;
      });
      if (is_whole) throw Error(ErrorCode::kUnsupported, "", "Python 2's division of whole numbers is not converted");
    }
    Values tensors = in;
    for (size_t i = 0; i < own_weights.size(); ++i) tensors.push_back(lowering.weight(i));
    return traced.lower(lowering, tensors);
  }

  Formulas reference(const Arrays& weights, const Arrays& in) const {
    Arrays tensors = in;
    tensors.insert(tensors.end(), weights.begin(), weights.end());
    return trace(shapes_of(in)).reference(tensors);
  }

 private:
  // The function's tensors are the inputs, and behind them the weights.
  [[nodiscard]] Trace trace(const Shapes& in) const {
    Shapes shapes = in;
    for (const WeightSpec& weight : own_weights) shapes.push_back(weight.shape);
    if (!arguments.is_null() && !function.is_expression())
      return function.follow(shapes, arguments, with_weights(in.size()));
    Json tensors = Json::array();
    for (size_t i = 0; i < in.size(); ++i) tensors.push_back(Json{{"tensor", i}});
    std::vector<std::string> names;
    for (const WeightSpec& weight : own_weights) names.push_back(weight.name);
    return function.follow(shapes, in.size() == 1 ? Json::array({tensors[0]}) : Json::array({tensors}),
                           with_weights(in.size()), names);
  }

  [[nodiscard]] Json with_weights(size_t n_inputs) const {
    if (own_weights.empty()) return keywords;
    Json result = keywords;
    for (size_t i = 0; i < own_weights.size(); ++i) result["w"].push_back(Json{{"tensor", n_inputs + i}});
    return result;
  }
};

}  // namespace

const LayerSpec layer_lambda = make_spec<Lambda>("Lambda");

}  // namespace hoarfrost::keras
