#include "keras/expression_layer.h"

#include <nlohmann/json.hpp>

#include "keras/lambda/meaning.h"
#include "keras/lowering.h"
#include "keras/shapes.h"
#include "python/expression.h"

namespace hoarfrost::keras {
namespace {

// The tensors `first`, first + 1, …: one alone, or a list.
python::Value tensors(size_t first, size_t n, bool is_list) {
  std::vector<python::Value> result;
  for (size_t i = 0; i < n; ++i) result.push_back(python::Value::tensor(first + i));
  return n == 1 && !is_list ? result[0] : python::Value::list(std::move(result));
}

Trace traced(std::string_view steps, std::map<std::string, python::Value> variables, const Shapes& in,
             const std::vector<WeightSpec>& weights, Version version, const std::string& name) {
  Shapes shapes = in;
  for (const WeightSpec& weight : weights) shapes.push_back(weight.shape);
  variables.insert_or_assign("x", tensors(0, in.size(), false));
  variables.insert_or_assign("w", tensors(in.size(), weights.size(), true));
  Trace result(shapes, version, name);
  Meaning meaning(result);
  result.set_result(python::evaluate(steps, variables, meaning));
  return result;
}

}  // namespace

ExpressionLayer::ExpressionLayer(const Config& config, size_t n_inputs, std::string_view steps, const Json& variables,
                                 Weights weights)
    : steps_(steps),
      n_inputs_(n_inputs),
      weights_(std::move(weights)),
      version_(config.version()),
      layer_name_(config.name()) {
  for (const auto& [name, value] : variables.items()) variables_.insert_or_assign(name, value_of_json(value));
}

Shapes ExpressionLayer::infer(const Shapes& in) const {
  expect_inputs(in, n_inputs_);
  return traced(steps_, variables_, in, weights(in), version_, layer_name_).output_shapes();
}

std::vector<WeightSpec> ExpressionLayer::weights(const Shapes& in) const {
  return weights_ ? weights_(in) : std::vector<WeightSpec>();
}

Values ExpressionLayer::lower(Lowering& lowering, const Values& in) const {
  const Shapes shapes = shapes_of(in);
  Values all = in;
  for (size_t i = 0; i < lowering.n_weights(); ++i) all.push_back(lowering.weight(i));
  return traced(steps_, variables_, shapes, weights(shapes), version_, layer_name_).lower(lowering, all);
}

Formulas ExpressionLayer::reference(const Arrays& weights, const Arrays& in) const {
  const Shapes shapes = shapes_of(in);
  Arrays all = in;
  all.insert(all.end(), weights.begin(), weights.end());
  return traced(steps_, variables_, shapes, this->weights(shapes), version_, layer_name_).reference(all);
}

}  // namespace hoarfrost::keras
