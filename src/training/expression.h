// Arithmetic as Python writes it, for a learning rate that follows the epoch: `lr if epoch < 10 else lr * exp(-0.1)`.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::training {

class Expression {
 public:
  // names: what the expression may use beside numbers, pi, + - * / // % **, comparisons, and, or, not, `a if c else b`,
  // and the functions abs, ceil, cos, exp, floor, log, log10, max, min, pow, round, sin, sqrt, int and float; `math.`,
  // `np.` and `tf.` may stand before them. Throws Error{kInvalidArgument} at the character where it is no such
  // expression.
  Expression(std::string_view text, std::span<const std::string> names);

  // values: of the names. What has no meaning (a division by zero) is not finite.
  [[nodiscard]] double operator()(std::span<const double> values) const { return value_(values); }

  using Value = std::function<double(std::span<const double>)>;

 private:
  Value value_;
};

}  // namespace hoarfrost::training
