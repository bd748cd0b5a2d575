#include "python/expression_scanner.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cctype>
#include <charconv>

namespace hoarfrost::python {
namespace {

bool is_letter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

}  // namespace

void ExpressionScanner::fail(const std::string& what) const {
  throw Error(ErrorCode::kInvalidArgument, "", fmt::format("at letter {}: {}", at_ + 1, what));
}

void ExpressionScanner::skip() {
  while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
}

bool ExpressionScanner::sign(std::string_view wanted) {
  skip();
  if (!text_.substr(at_).starts_with(wanted)) return false;
  at_ += wanted.size();
  return true;
}

void ExpressionScanner::expect(std::string_view wanted) {
  if (!sign(wanted))
    fail(fmt::format("expected `{}`{}", wanted,
                     at_ < text_.size() ? fmt::format(", found `{}`", text_.substr(at_, 20)) : " before its end"));
}

bool ExpressionScanner::word(std::string_view wanted) {
  skip();
  const std::string_view rest = text_.substr(at_);
  if (!rest.starts_with(wanted) || (rest.size() > wanted.size() && is_letter(rest[wanted.size()]))) return false;
  at_ += wanted.size();
  return true;
}

std::string ExpressionScanner::identifier() {
  skip();
  const size_t begin = at_;
  while (at_ < text_.size() && is_letter(text_[at_]) &&
         (at_ > begin || std::isdigit(static_cast<unsigned char>(text_[at_])) == 0))
    ++at_;
  return std::string(text_.substr(begin, at_ - begin));
}

Value ExpressionScanner::string() {
  const char quote = text_[at_++];
  const size_t end = text_.find(quote, at_);
  if (end == std::string_view::npos) fail("a string that does not end");
  const std::string result(text_.substr(at_, end - at_));
  if (result.find('\\') != std::string::npos) fail("a string with `\\`");
  at_ = end + 1;
  return Value::string(result);
}

Value ExpressionScanner::number() {
  const char* begin = text_.data() + at_;
  const char* end = text_.data() + text_.size();
  double real = 0;
  const auto [real_end, error] = std::from_chars(begin, end, real);
  if (error != std::errc{}) fail("a number that is none");
  at_ += static_cast<size_t>(real_end - begin);
  const std::string_view written(begin, static_cast<size_t>(real_end - begin));
  if (written.find_first_of(".eEn") != std::string_view::npos) return Value::real(real);
  int64_t whole = 0;
  if (std::from_chars(begin, real_end, whole).ec != std::errc{}) fail("an integer of more than 63 bits");
  return Value::whole(whole);
}

}  // namespace hoarfrost::python
