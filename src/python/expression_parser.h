// Expressions read and evaluated in one go: by descent, from what binds least (expression_operators.cpp) to single
// values (expression_values.cpp).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "python/expression.h"
#include "python/expression_scanner.h"

namespace hoarfrost::python {

// Evaluates while it reads: what a condition leaves out is read with `is_idle` set.
class ExpressionParser : private ExpressionScanner {
 public:
  ExpressionParser(std::string_view text, std::map<std::string, Value> variables, Semantics& semantics)
      : ExpressionScanner(text), variables_(std::move(variables)), semantics_(semantics) {}

  Value whole();

 private:
  static constexpr int kDeepest = 60;

  void read_parameter();
  bool read_assignment();

  Value tuple_or_one();
  Value conditional();
  bool truth_of(const Value& value) const;
  Value either();
  Value both();
  Value negation();
  Value comparison();
  Value level(size_t number);
  std::optional<std::string_view> operator_of(const std::vector<std::string_view>& operators);
  Value signed_value();
  Value power();
  Value binary(std::string_view op, const Value& a, const Value& b);
  Value unary(std::string_view op, const Value& a);

  Value postfix();
  Value call(const Value& callee);
  Value subscript();
  Value slice_or_one();
  Value atom();
  Value list();
  Value each(size_t element);

  std::map<std::string, Value> variables_;
  Semantics& semantics_;
  int depth_ = 0;
  int n_rounds_ = 0;
  bool is_idle_ = false;
};

}  // namespace hoarfrost::python
