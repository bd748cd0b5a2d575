// The grammar is that of The Python Language Reference, 6: Expressions, as far as numbers go.
#include "training/expression.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>

namespace hoarfrost::training {
namespace {

using Value = Expression::Value;
using Values = std::span<const double>;

constexpr int kDeepest = 64;  // brackets within brackets

struct Function {
  std::string_view name;
  size_t n_arguments;
  double (*of)(double a, double b);
};
constexpr Function kFunctions[] = {
    {"abs", 1, [](double a, double) { return std::abs(a); }},
    {"ceil", 1, [](double a, double) { return std::ceil(a); }},
    {"cos", 1, [](double a, double) { return std::cos(a); }},
    {"exp", 1, [](double a, double) { return std::exp(a); }},
    {"float", 1, [](double a, double) { return a; }},
    {"floor", 1, [](double a, double) { return std::floor(a); }},
    {"int", 1, [](double a, double) { return std::trunc(a); }},
    {"log", 1, [](double a, double) { return std::log(a); }},
    {"log10", 1, [](double a, double) { return std::log10(a); }},
    {"max", 2, [](double a, double b) { return std::max(a, b); }},
    {"min", 2, [](double a, double b) { return std::min(a, b); }},
    {"pow", 2, [](double a, double b) { return std::pow(a, b); }},
    {"round", 1, [](double a, double) { return std::nearbyint(a); }},
    {"sin", 1, [](double a, double) { return std::sin(a); }},
    {"sqrt", 1, [](double a, double) { return std::sqrt(a); }},
};

// Python's % has the divisor's sign.
double modulo(double a, double b) { return a - b * std::floor(a / b); }

struct Operator {
  std::string_view sign;  // the longer before those that it begins with
  double (*of)(double a, double b);
};
constexpr Operator kSums[] = {{"+", [](double a, double b) { return a + b; }},
                              {"-", [](double a, double b) { return a - b; }}};
constexpr Operator kProducts[] = {{"//", [](double a, double b) { return std::floor(a / b); }},
                                  {"*", [](double a, double b) { return a * b; }},
                                  {"/", [](double a, double b) { return a / b; }},
                                  {"%", modulo}};
constexpr Operator kComparisons[] = {{"<=", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
                                     {">=", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
                                     {"==", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
                                     {"!=", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
                                     {"<", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
                                     {">", [](double a, double b) { return a > b ? 1.0 : 0.0; }}};

bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

class Parser {
 public:
  Parser(std::string_view text, std::span<const std::string> names) : text_(text), names_(names) {}

  Value all() {
    Value value = choice();
    skip();
    if (at_ != text_.size()) fail("expected an operator or the end");
    return value;
  }

 private:
  [[noreturn]] void fail(std::string_view expected) const {
    const std::string found = at_ >= text_.size() ? "the end" : fmt::format("`{}`", text_.substr(at_, 12));
    throw Error(ErrorCode::kInvalidArgument, text_,
                fmt::format("{}, found {} at character {}", expected, found, at_ + 1));
  }
  void skip() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n')) ++at_;
  }
  bool takes(std::string_view sign) {
    skip();
    if (!text_.substr(at_).starts_with(sign)) return false;
    const size_t end = at_ + sign.size();
    const bool is_cut = is_name(sign.back()) && end < text_.size() && is_name(text_[end]);
    if (!is_cut) at_ = end;
    return !is_cut;
  }
  void expect(std::string_view sign) {
    if (!takes(sign)) fail(fmt::format("expected `{}`", sign));
  }
  const Operator* take_one(std::span<const Operator> operators) {
    skip();
    for (const Operator& candidate : operators) {
      const bool is_power = candidate.sign == "*" && text_.substr(at_).starts_with("**");
      if (!is_power && takes(candidate.sign)) return &candidate;
    }
    return nullptr;
  }

  Value choice() {
    if (++depth_ > kDeepest) fail(fmt::format("expected at most {} brackets within brackets", kDeepest));
    Value value = any();
    if (takes("if")) {
      Value condition = any();
      expect("else");
      Value other = choice();
      value = [value, condition, other](Values v) { return condition(v) != 0 ? value(v) : other(v); };
    }
    --depth_;
    return value;
  }
  Value any() {
    Value value = every();
    while (takes("or")) value = [a = value, b = every()](Values v) { return a(v) != 0 ? a(v) : b(v); };
    return value;
  }
  Value every() {
    Value value = negation();
    while (takes("and")) value = [a = value, b = negation()](Values v) { return a(v) != 0 ? b(v) : a(v); };
    return value;
  }
  Value negation() {
    int n = 0;
    while (takes("not")) ++n;
    Value value = comparison();
    if (n == 0) return value;
    return [value, is_odd = n % 2 == 1](Values v) { return (value(v) != 0) != is_odd ? 1.0 : 0.0; };
  }
  // a < b < c is (a < b) and (b < c).
  Value comparison() {
    Value left = binary(kSums, &Parser::product);
    Value result;
    while (const Operator* found = take_one(kComparisons)) {
      Value right = binary(kSums, &Parser::product);
      Value holds = [left, right, of = found->of](Values v) { return of(left(v), right(v)); };
      result = result == nullptr ? holds : Value([result, holds](Values v) { return result(v) != 0 ? holds(v) : 0.0; });
      left = right;
    }
    return result == nullptr ? left : result;
  }
  Value binary(std::span<const Operator> operators, Value (Parser::*operand)()) {
    Value value = (this->*operand)();
    while (const Operator* found = take_one(operators))
      value = [a = value, b = (this->*operand)(), of = found->of](Values v) { return of(a(v), b(v)); };
    return value;
  }
  Value product() { return binary(kProducts, &Parser::factor); }
  Value factor() {
    bool is_negative = false;
    while (const Operator* sign = take_one(kSums)) is_negative = is_negative != (sign->sign == "-");
    Value value = power();
    return is_negative ? Value([value](Values v) { return -value(v); }) : value;
  }
  Value power() {
    Value value = atom();
    if (!takes("**")) return value;
    if (++depth_ > kDeepest) fail(fmt::format("expected at most {} powers of powers", kDeepest));
    Value exponent = factor();
    --depth_;
    return [value, exponent](Values v) { return std::pow(value(v), exponent(v)); };
  }

  Value atom() {
    if (takes("(")) {
      Value value = choice();
      expect(")");
      return value;
    }
    skip();
    double number = 0;
    const char* first = text_.data() + at_;
    const bool is_number = at_ < text_.size() && (text_[at_] == '.' || (text_[at_] >= '0' && text_[at_] <= '9'));
    if (is_number) {
      const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), number);
      if (error != std::errc()) fail("expected a number");
      at_ += static_cast<size_t>(end - first);
      return [number](Values) { return number; };
    }
    return named();
  }

  Value named() {
    const size_t start = at_;
    while (at_ < text_.size() && (is_name(text_[at_]) || text_[at_] == '.')) ++at_;
    const std::string_view path = text_.substr(start, at_ - start);
    const std::string_view name = path.substr(path.rfind('.') + 1);
    const std::string_view before = path.substr(0, path.size() - name.size());
    const auto found = std::ranges::find(names_, path);
    if (found != names_.end()) return [i = static_cast<size_t>(found - names_.begin())](Values v) { return v[i]; };
    const bool is_module = before.empty() || before == "math." || before == "np." || before == "numpy." ||
                           before == "tf." || before == "tf.math.";
    if (is_module && name == "pi") return [](Values) { return std::numbers::pi; };
    const auto* function = std::ranges::find(kFunctions, name, &Function::name);
    if (!is_module || function == std::end(kFunctions)) {
      at_ = start;
      fail(fmt::format("expected a number, one of {}, or a function such as exp", fmt::join(names_, ", ")));
    }
    return call(*function);
  }

  Value call(const Function& function) {
    expect("(");
    std::vector<Value> arguments;
    do {
      arguments.push_back(choice());
    } while (takes(","));
    expect(")");
    if (arguments.size() != function.n_arguments)
      fail(fmt::format("expected {} arguments of {}, found {}, before the rest", function.n_arguments, function.name,
                       arguments.size()));
    return [of = function.of, a = arguments.front(), b = arguments.back()](Values v) { return of(a(v), b(v)); };
  }

  std::string_view text_;
  std::span<const std::string> names_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

Expression::Expression(std::string_view text, std::span<const std::string> names) : value_(Parser(text, names).all()) {}

}  // namespace hoarfrost::training
