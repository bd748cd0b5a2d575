// Values of an expression: names, literals, lists, and what stands behind them: attributes, subscripts, calls.
#include <fmt/format.h>

#include <cctype>
#include <utility>

#include "python/expression_parser.h"

namespace hoarfrost::python {
namespace {

constexpr int kMostRounds = 20000;

}  // namespace

Value ExpressionParser::postfix() {
  Value value = atom();
  while (true) {
    if (sign(".")) {
      const std::string name = identifier();
      if (name.empty()) fail("expected a name behind `.`");
      if (!is_idle_) value = semantics_.attribute(value, name);
    } else if (sign("[")) {
      const Value key = subscript();
      expect("]");
      if (is_idle_) continue;
      const auto constant = constant_subscript(value, key);
      value = constant ? *constant : semantics_.subscript(value, key);
    } else if (sign("(")) {
      value = call(value);
    } else {
      return value;
    }
  }
}

Value ExpressionParser::call(const Value& callee) {
  std::vector<Value> arguments;
  Keywords keywords;
  while (!sign(")")) {
    const size_t begin = at_;
    const std::string name = identifier();
    skip();
    if (!name.empty() && at_ < text_.size() && text_[at_] == '=' && !text_.substr(at_).starts_with("==")) {
      ++at_;
      keywords.emplace_back(name, conditional());
    } else {
      at_ = begin;
      if (!keywords.empty()) fail("an argument without a name behind one with a name");
      arguments.push_back(conditional());
    }
    if (sign(")")) break;
    expect(",");
  }
  return is_idle_ ? Value() : semantics_.call(callee, arguments, keywords);
}

Value ExpressionParser::subscript() {
  std::vector<Value> items{slice_or_one()};
  bool is_tuple = false;
  while (sign(",")) {
    is_tuple = true;
    skip();
    if (at_ < text_.size() && text_[at_] == ']') break;
    items.push_back(slice_or_one());
  }
  return is_tuple ? Value::tuple(std::move(items)) : items[0];
}

Value ExpressionParser::slice_or_one() {
  std::vector<Value> parts;
  bool is_slice = false;
  Value part = Value::none();
  while (true) {
    skip();
    const bool is_end = at_ >= text_.size() || text_[at_] == ',' || text_[at_] == ']';
    if (!is_end && text_[at_] != ':') part = conditional();
    if (!sign(":")) break;
    is_slice = true;
    parts.push_back(std::exchange(part, Value::none()));
    if (parts.size() > 2) fail("a slice of more than three parts");
  }
  if (!is_slice) return part;
  parts.push_back(part);
  parts.resize(3, Value::none());
  return Value::with(Value::Kind::kSlice, std::move(parts));
}

Value ExpressionParser::atom() {
  skip();
  if (at_ >= text_.size()) fail("expected a value before its end");
  const char c = text_[at_];
  if (sign("...")) return Value::of(Value::Kind::kEllipsis);
  if (std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.') return number();
  if (c == '\'' || c == '"') return string();
  if (sign("(")) {
    if (sign(")")) return Value::tuple({});
    Value result = tuple_or_one();
    expect(")");
    return result;
  }
  if (sign("[")) return list();
  const std::string name = identifier();
  if (name.empty()) fail(fmt::format("expected a value, found `{}`", text_.substr(at_, 20)));
  if (name == "None") return Value::none();
  if (name == "True" || name == "False") return Value::boolean(name == "True");
  if (const auto found = variables_.find(name); found != variables_.end()) return found->second;
  return is_idle_ ? Value() : semantics_.global(name);
}

Value ExpressionParser::list() {
  std::vector<Value> items;
  while (!sign("]")) {
    if (items.empty()) {
      // An element before `for` is read again for each item, and one that stands alone when it is no longer idle.
      const size_t begin = at_;
      const bool was_idle = std::exchange(is_idle_, true);
      Value first = conditional();
      const bool is_each = word("for");
      is_idle_ = was_idle;
      if (is_each) return each(begin);
      if (!is_idle_) {
        at_ = begin;
        first = conditional();
      }
      items.push_back(std::move(first));
    } else {
      items.push_back(conditional());
    }
    if (sign("]")) break;
    expect(",");
  }
  return Value::list(std::move(items));
}

// `name in items]`, behind the element that begins at `element`.
Value ExpressionParser::each(size_t element) {
  const std::string name = identifier();
  if (name.empty() || !word("in")) fail("expected `for NAME in …`");
  const Value items = conditional();
  expect("]");
  if (is_idle_) return {};
  const size_t behind = at_;
  const auto hidden = variables_.find(name) == variables_.end() ? std::nullopt : std::optional(variables_.at(name));
  std::vector<Value> result;
  for (const Value& item : elements(items)) {
    if (++n_rounds_ > kMostRounds) fail(fmt::format("more than {} rounds", kMostRounds));
    variables_.insert_or_assign(name, item);
    at_ = element;
    result.push_back(conditional());
  }
  variables_.erase(name);
  if (hidden) variables_.emplace(name, *hidden);
  at_ = behind;
  return Value::list(std::move(result));
}

}  // namespace hoarfrost::python
