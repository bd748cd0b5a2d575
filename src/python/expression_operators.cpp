// Operators of an expression, from those that bind least: `,`, `if`, or, and, not, comparisons, | to **.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "python/expression_parser.h"

namespace hoarfrost::python {
namespace {

// From those that bind least.
const std::vector<std::vector<std::string_view>> kLevels = {{"|"},        {"^"},      {"&"},
                                                            {"<<", ">>"}, {"+", "-"}, {"*", "//", "/", "%", "@"}};

}  // namespace

Value ExpressionParser::tuple_or_one() {
  Value first = conditional();
  skip();
  if (at_ >= text_.size() || text_[at_] != ',') return first;
  std::vector<Value> items{std::move(first)};
  while (sign(",")) {
    skip();
    if (at_ >= text_.size() || text_[at_] == ')') break;
    items.push_back(conditional());
  }
  return Value::tuple(std::move(items));
}

Value ExpressionParser::conditional() {
  if (++depth_ > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
  // `a if b else c` has b behind a: a is read twice when b holds.
  const size_t begin = at_;
  const bool was_idle = is_idle_;
  is_idle_ = true;
  (void)either();
  const bool has_condition = word("if");
  is_idle_ = was_idle;
  Value result;
  if (!has_condition && !is_idle_) {
    at_ = begin;
    result = either();
  } else if (has_condition) {
    const Value condition = either();
    const bool holds = is_idle_ || truth_of(condition);
    const size_t behind = at_;
    if (!is_idle_ && holds) {
      at_ = begin;
      result = either();
      at_ = behind;
    }
    if (!word("else")) fail("expected `else`");
    is_idle_ = was_idle || holds;
    Value other = conditional();
    is_idle_ = was_idle;
    if (!is_idle_ && !holds) result = std::move(other);
  }
  --depth_;
  return result;
}

bool ExpressionParser::truth_of(const Value& value) const {
  const auto result = truth(value);
  if (!result)
    throw Error(ErrorCode::kUnsupported, "", fmt::format("a condition on {}, which is no constant", value.repr()));
  return *result;
}

Value ExpressionParser::either() {
  Value left = both();
  while (word("or")) {
    Value right = both();
    if (!is_idle_ && !truth_of(left)) left = std::move(right);
  }
  return left;
}

Value ExpressionParser::both() {
  Value left = negation();
  while (word("and")) {
    Value right = negation();
    if (!is_idle_ && truth_of(left)) left = std::move(right);
  }
  return left;
}

Value ExpressionParser::negation() {
  if (++depth_ > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
  Value result = word("not") ? unary("not", negation()) : comparison();
  --depth_;
  return result;
}

Value ExpressionParser::comparison() {
  Value left = level(0);
  for (const std::string_view op : {"<=", ">=", "==", "!=", "<", ">"}) {
    if (!sign(op)) continue;
    const Value right = level(0);
    if (is_idle_) return left;
    const auto constant = constant_compare(op, left, right);
    return constant ? *constant : semantics_.compare(op, left, right);
  }
  return left;
}

Value ExpressionParser::level(size_t number) {
  if (number == kLevels.size()) return signed_value();
  Value left = level(number + 1);
  while (const auto op = operator_of(kLevels[number])) {
    const Value right = level(number + 1);
    left = binary(*op, left, right);
  }
  return left;
}

std::optional<std::string_view> ExpressionParser::operator_of(const std::vector<std::string_view>& operators) {
  skip();
  for (const std::string_view op : operators) {
    const std::string_view rest = text_.substr(at_);
    if (!rest.starts_with(op) || (op == "*" && rest.starts_with("**"))) continue;
    at_ += op.size();
    return op;
  }
  return {};
}

Value ExpressionParser::signed_value() {
  if (++depth_ > kDeepest) fail(fmt::format("nested more than {} deep", kDeepest));
  Value result;
  if (sign("-"))
    result = unary("-", signed_value());
  else if (sign("+"))
    result = unary("+", signed_value());
  else if (sign("~"))
    result = unary("~", signed_value());
  else
    result = power();
  --depth_;
  return result;
}

Value ExpressionParser::power() {
  Value base = postfix();
  if (!sign("**")) return base;
  const Value exponent = signed_value();
  return binary("**", base, exponent);
}

Value ExpressionParser::binary(std::string_view op, const Value& a, const Value& b) {
  if (is_idle_) return {};
  const auto constant = constant_binary(op, a, b);
  return constant ? *constant : semantics_.binary(op, a, b);
}

Value ExpressionParser::unary(std::string_view op, const Value& a) {
  if (is_idle_) return {};
  const auto constant = constant_unary(op, a);
  return constant ? *constant : semantics_.unary(op, a);
}

}  // namespace hoarfrost::python
