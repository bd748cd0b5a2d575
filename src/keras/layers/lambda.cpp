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

  static Lambda parse(const Config& config) {
    config.ignore({"mask"});  // Keras' Lambda gives no mask unless told how
    if (const Json* mask = config.find({"mask"}); mask != nullptr)
      config.unsupported("a Lambda with a function for its mask is not converted");
    Lambda result{LambdaFunction::parse(config), {}, Json::object()};
    if (const Json* given = config.find({"arguments"}); given != nullptr && given->is_object())
      result.keywords = *given;
    if (const Json* call = config.find({"call_arguments"}); call != nullptr) {
      result.arguments = call->at("args");
      for (const auto& [key, value] : call->at("kwargs").items()) result.keywords[key] = value;
    }
    return result;
  }

  Shapes infer(const Shapes& in) const { return trace(in).output_shapes(); }

  Values lower(Lowering& lowering, const Values& in) const {
    const Shapes shapes = shapes_of(in);
    const Trace traced = trace(shapes);
    if (traced.has_classic_division) {
      const bool is_whole = std::ranges::any_of(in, [](const Value& x) {
        return x.dtype != DType::kFloat32 && x.dtype != DType::kFloat64 && x.dtype != DType::kFloat16 &&
               x.dtype != DType::kBFloat16;
      });
      if (is_whole) throw Error(ErrorCode::kUnsupported, "", "Python 2's division of whole numbers is not converted");
    }
    return traced.lower(lowering, in);
  }

  Formulas reference(const Arrays& /*weights*/, const Arrays& in) const { return trace(shapes_of(in)).reference(in); }

 private:
  [[nodiscard]] Trace trace(const Shapes& in) const {
    if (!arguments.is_null()) return function.follow(in, arguments, keywords);
    Json tensors = Json::array();
    for (size_t i = 0; i < in.size(); ++i) tensors.push_back(Json{{"tensor", i}});
    return function.follow(in, in.size() == 1 ? Json::array({tensors[0]}) : Json::array({tensors}), keywords);
  }
};

}  // namespace

const LayerSpec layer_lambda = make_spec<Lambda>("Lambda");

}  // namespace hoarfrost::keras
