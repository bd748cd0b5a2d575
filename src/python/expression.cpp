#include "python/expression.h"

#include <fmt/format.h>

#include "python/expression_parser.h"

namespace hoarfrost::python {
namespace {

constexpr size_t kLongest = 4000;

}  // namespace

Value ExpressionParser::whole() {
  if (text_.size() > kLongest) fail(fmt::format("an expression of more than {} letters", kLongest));
  read_parameter();
  while (read_assignment()) {
  }
  Value result = tuple_or_one();
  skip();
  if (at_ < text_.size()) fail(fmt::format("expected its end, found `{}`", text_.substr(at_, 20)));
  return result;
}

// "lambda x:" renames the first variable.
void ExpressionParser::read_parameter() {
  if (!word("lambda")) return;
  const std::string name = identifier();
  if (name.empty()) fail("expected `lambda x:`, with one parameter");
  variables_[name] = variables_.at("x");
  expect(":");
}

// "name = expression;"
bool ExpressionParser::read_assignment() {
  const size_t begin = at_;
  const std::string name = identifier();
  skip();
  const std::string_view rest = text_.substr(at_);
  if (name.empty() || !rest.starts_with('=') || rest.starts_with("==")) {
    at_ = begin;
    return false;
  }
  ++at_;
  variables_[name] = tuple_or_one();
  expect(";");
  return true;
}

Value evaluate(std::string_view text, const std::map<std::string, Value>& variables, Semantics& semantics) {
  return ExpressionParser(text, variables, semantics).whole();
}

}  // namespace hoarfrost::python
