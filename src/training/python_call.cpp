#include "training/python_call.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace hoarfrost::training {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool is_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

// "1_000" as Python allows it; nullopt-like: kText where it is no number.
PythonValue literal(std::string_view word) {
  PythonValue value{PythonValue::Kind::kText, 0, std::string(word)};
  if (word == "None" || word == "null") value.kind = PythonValue::Kind::kNone;
  if (word == "True" || word == "true" || word == "False" || word == "false") {
    value.kind = PythonValue::Kind::kBool;
    value.number = word == "True" || word == "true" ? 1 : 0;
  }
  std::string digits(word);
  std::erase(digits, '_');
  const char* first = digits.data() + (digits.starts_with('+') ? 1 : 0);
  const char* last = digits.data() + digits.size();
  int64_t whole = 0;
  double number = 0;
  constexpr int64_t kExact = int64_t{1} << 53;  // held in a double
  if (const auto [end, error] = std::from_chars(first, last, whole);
      error == std::errc() && end == last && std::abs(whole) <= kExact) {
    value.kind = PythonValue::Kind::kInt;
    value.number = static_cast<double>(whole);
  } else if (const auto [float_end, float_error] = std::from_chars(first, last, number);
             float_error == std::errc() && float_end == last && std::isfinite(number)) {
    value.kind = PythonValue::Kind::kFloat;
    value.number = number;
  }
  return value;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  PythonCall call() {
    PythonCall result;
    const std::string_view path = trimmed(text_.substr(0, text_.find('(')));
    result.name = std::string(path.substr(path.rfind('.') + 1));
    const bool is_path =
        !result.name.empty() && std::ranges::all_of(path, [](char c) { return is_name(c) || c == '.'; });
    if (!is_path) fail("expected a callback, as in EarlyStopping(monitor=val_loss, patience=3)", 0);
    at_ = text_.find('(');
    if (at_ == std::string_view::npos) return result;
    ++at_;
    for (skip(); peek() != ')'; skip()) {
      result.arguments.push_back(argument());
      skip();
      if (peek() == ',')
        ++at_;
      else if (peek() != ')')
        fail("expected `,` or `)`", at_);
    }
    ++at_;
    skip();
    if (at_ != text_.size()) fail("expected nothing after the call", at_);
    return result;
  }

 private:
  [[noreturn]] void fail(std::string_view expected, size_t at) const {
    const std::string found = at >= text_.size() ? "the end" : fmt::format("`{}`", text_.substr(at, 12));
    throw Error(ErrorCode::kInvalidArgument, text_,
                fmt::format("{}, found {} at character {}", expected, found, at + 1));
  }
  [[nodiscard]] char peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  void skip() {
    while (is_space(peek())) ++at_;
  }

  PythonArgument argument() {
    PythonArgument result;
    size_t end = at_;
    while (end < text_.size() && is_name(text_[end])) ++end;
    size_t equals = end;
    while (equals < text_.size() && is_space(text_[equals])) ++equals;
    if (end > at_ && equals < text_.size() && text_[equals] == '=' && text_.substr(equals, 2) != "==") {
      result.name = std::string(text_.substr(at_, end - at_));
      at_ = equals + 1;
      skip();
    }
    result.value = peek() == '\'' || peek() == '"' ? quoted() : bare();
    return result;
  }

  PythonValue quoted() {
    const size_t start = at_;
    const char quote = text_[at_++];
    PythonValue value{PythonValue::Kind::kText, 0, ""};
    for (; peek() != quote; ++at_) {
      if (at_ >= text_.size()) fail("a text has no end: expected its closing quote for", start);
      const bool is_escape = peek() == '\\' && at_ + 1 < text_.size() &&
                             std::string_view("\\'\"nt").find(text_[at_ + 1]) != std::string_view::npos;
      if (is_escape) ++at_;
      value.text += is_escape && peek() == 'n' ? '\n' : is_escape && peek() == 't' ? '\t' : peek();
    }
    ++at_;
    return value;
  }

  PythonValue bare() {
    const size_t start = at_;
    const bool is_lambda =
        text_.substr(at_).starts_with("lambda") && at_ + 6 < text_.size() && !is_name(text_[at_ + 6]);
    if (is_lambda) at_ = std::min(text_.find(':', at_), text_.size());  // its parameters have commas too
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (depth == 0 && (c == ',' || c == ')')) break;
      if (c == '(' || c == '[' || c == '{') ++depth;
      if (c == ')' || c == ']' || c == '}') --depth;
    }
    const std::string_view word = trimmed(text_.substr(start, at_ - start));
    if (word.empty()) fail("expected a value", start);
    PythonValue value = literal(word);
    if (is_lambda) value.kind = PythonValue::Kind::kLambda;
    return value;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

PythonCall parse_python_call(std::string_view text) { return Parser(text).call(); }

}  // namespace hoarfrost::training
