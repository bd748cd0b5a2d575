// A layer that is said in the language of --lambda (docs/lambda.md), as derived operations are (derived_rows.h): what
// its steps mean in graphs and in mathematics is what the operations in them mean.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "keras/layer.h"
#include "python/value.h"

namespace hoarfrost::keras {

class ExpressionLayer {
 public:
  using Weights = std::function<std::vector<WeightSpec>(const Shapes& in)>;

  // steps: "name = expression; …; expression" of the inputs x (a list where there are several), the weights w (a list),
  // and the variables, numbers, lists and texts of the configuration. n_inputs: how many it takes.
  ExpressionLayer(const Config& config, size_t n_inputs, std::string_view steps, const Json& variables,
                  Weights weights = {});

  [[nodiscard]] Shapes infer(const Shapes& in) const;
  [[nodiscard]] std::vector<WeightSpec> weights(const Shapes& in) const;
  [[nodiscard]] Values lower(Lowering& lowering, const Values& in) const;
  [[nodiscard]] Formulas reference(const Arrays& weights, const Arrays& in) const;

 private:
  std::string_view steps_;
  size_t n_inputs_;
  std::map<std::string, python::Value> variables_;
  Weights weights_;
  Version version_;
  std::string layer_name_;
};

}  // namespace hoarfrost::keras
