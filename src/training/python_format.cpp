// By Python's reference: Format String Syntax, and float.__format__ of CPython 3.11 (Python/pystrtod.c).
#include "training/python_format.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <charconv>
#include <cmath>
#include <cstdio>

#include "training/python_number.h"

namespace hoarfrost::training {
namespace {

constexpr size_t kLongest = 255;  // a file's name can be no longer

bool is_align(char c) { return c == '<' || c == '>' || c == '=' || c == '^'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A number at the start of `text`, which it shortens; nullopt where it is too long to be meant.
size_t take_number(std::string_view& text) {
  size_t value = 0;
  while (!text.empty() && is_digit(text.front())) {
    value = std::min<size_t>(value * 10 + static_cast<size_t>(text.front() - '0'), kLongest + 1);
    text.remove_prefix(1);
  }
  return value;
}

bool takes(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

PythonFormatSpec parse_spec(std::string_view text, bool is_whole, std::string_view where, std::string_view field) {
  PythonFormatSpec spec;
  const auto refuse = [&](std::string_view message) {
    throw Error(ErrorCode::kInvalidArgument, where, fmt::format("`{{{}}}`: {}", field, message));
  };
  const bool has_fill = text.size() > 1 && is_align(text[1]);
  const bool has_align = has_fill || (!text.empty() && is_align(text[0]));
  if (has_fill) spec.fill = text[0];
  if (has_align) spec.align = text[has_fill ? 1 : 0];
  text.remove_prefix(has_fill ? 2 : has_align ? 1 : 0);
  if (!text.empty() && (text[0] == '+' || text[0] == '-' || text[0] == ' ')) {
    spec.sign = text[0];
    text.remove_prefix(1);
  }
  spec.is_alternate = takes(text, '#');
  if (takes(text, '0')) {
    if (!has_fill) spec.fill = '0';
    if (!has_align) spec.align = '=';
  }
  spec.width = take_number(text);
  if (text.starts_with(',') || text.starts_with('_')) {
    throw Error(ErrorCode::kUnsupported, where,
                fmt::format("`{{{}}}`: thousands are not grouped in a file's name; leave `{}` out", field, text[0]));
  }
  if (takes(text, '.')) {
    if (text.empty() || !is_digit(text[0])) refuse("expected a number after the point");
    spec.precision = static_cast<int>(take_number(text));
  }
  if (spec.width > kLongest || spec.precision > static_cast<int>(kLongest))
    refuse(fmt::format("expected a width and a precision of at most {}", kLongest));
  if (text.size() > 1) refuse(fmt::format("expected a format such as 02d or .4f, found `{}` at its end", text));
  if (!text.empty()) spec.type = text[0];
  constexpr std::string_view kReal = "eEfFgG%", kWhole = "dboxX";
  const bool is_real_type = kReal.find(spec.type) != std::string_view::npos;
  if (spec.type != '\0' && !is_real_type && !(is_whole && kWhole.find(spec.type) != std::string_view::npos)) {
    refuse(fmt::format("`{}` is no format of a number {}; expected one of e, f, g, %{}", spec.type,
                       is_whole ? "without a fraction" : "with a fraction", is_whole ? ", d, x" : ""));
  }
  if (is_whole && !is_real_type && spec.precision >= 0) refuse("a whole number has no precision");
  return spec;
}

std::string whole_digits(double value, const PythonFormatSpec& spec) {
  const auto number = static_cast<uint64_t>(value);
  switch (spec.type) {
    case 'b':
      return fmt::format("{:b}", number);
    case 'o':
      return fmt::format("{:o}", number);
    case 'x':
      return fmt::format("{:x}", number);
    case 'X':
      return fmt::format("{:X}", number);
    default:
      return fmt::format("{}", number);
  }
}

// No type: like g with at least one digit after the point, and so many digits that it reads back without a precision.
std::string general(double value, int precision) {
  if (precision < 0) return python_repr(value);
  precision = std::max(precision, 1);
  const std::string text = fmt::format("{:.{}e}", value, precision - 1);
  const size_t e = text.find('e');
  if (e == std::string::npos) return text;  // inf, nan
  const int exponent = std::stoi(text.substr(e + 1));
  const bool has_exponent = exponent < -4 || exponent >= precision - 1;
  std::string digits = has_exponent ? text.substr(0, e) : fmt::format("{:.{}f}", value, precision - 1 - exponent);
  if (digits.find('.') != std::string::npos) {
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.ends_with('.')) digits.pop_back();
  }
  if (has_exponent) return digits + text.substr(e);
  return digits.find('.') == std::string::npos ? digits + ".0" : digits;
}

// As C prints it, with which Python agrees (fmt 9 has another `#g`).
std::string printed(char type, bool is_alternate, double value, int precision) {
  const std::string format = fmt::format("%{}.*{}", is_alternate ? "#" : "", type);
  char buffer[1024];  // 309 digits before the point, 255 after it
  const int n = std::snprintf(buffer, sizeof buffer, format.c_str(), precision, value);
  return {buffer, static_cast<size_t>(n)};
}

std::string real_digits(double value, const PythonFormatSpec& spec) {
  const int precision = spec.precision < 0 ? 6 : spec.precision;
  switch (spec.type) {
    case '\0':
      return general(value, spec.precision);
    case '%':
      return printed('f', spec.is_alternate, value * 100, precision) + "%";
    default:
      return printed(spec.type, spec.is_alternate, value, precision);
  }
}

}  // namespace

std::string python_formatted(double value, bool is_whole, const PythonFormatSpec& spec) {
  const bool is_real =
      !is_whole || (spec.type != '\0' && std::string_view("dboxX").find(spec.type) == std::string_view::npos);
  const bool is_negative = std::signbit(value) && !std::isnan(value);
  std::string head = is_negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
  if (!is_real && spec.is_alternate && spec.type != 'd' && spec.type != '\0') head += fmt::format("0{}", spec.type);
  const std::string body = is_real ? real_digits(std::abs(value), spec) : whole_digits(std::abs(value), spec);
  const size_t length = head.size() + body.size();
  const size_t n_fill = spec.width > length ? spec.width - length : 0;
  const size_t n_left = spec.align == '<' ? 0 : spec.align == '^' ? n_fill / 2 : n_fill;
  const std::string left(n_left, spec.fill), right(n_fill - n_left, spec.fill);
  return spec.align == '=' ? head + left + body : left + head + body + right;
}

PythonFormat::PythonFormat(std::string text, std::string where,
                           const std::function<bool(std::string_view name)>& is_whole) {
  parts_.emplace_back();
  for (size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const bool is_brace = c == '{' || c == '}';
    if (!is_brace || (at + 1 < text.size() && text[at + 1] == c)) {
      parts_.back().text += c;
      at += is_brace ? 1 : 0;  // {{ is a brace
      continue;
    }
    const size_t end = c == '{' ? text.find('}', at) : std::string::npos;
    if (end == std::string::npos) {
      throw Error(
          ErrorCode::kInvalidArgument, where,
          fmt::format("`{}` has a single `{}` at character {}; `{}{}` stands for a brace", text, c, at + 1, c, c));
    }
    const std::string field = text.substr(at + 1, end - at - 1);
    const size_t colon = field.find(':');
    const std::string name = field.substr(0, colon);
    if (name.empty())
      throw Error(ErrorCode::kInvalidArgument, where,
                  fmt::format("`{{{}}}` names nothing; expected a name such as `epoch` or `val_loss`", field));
    if (name.find_first_of("!.[]{") != std::string::npos || field.find('{') != std::string::npos) {
      throw Error(ErrorCode::kUnsupported, where,
                  fmt::format("`{{{}}}`: expected a name and a format alone, as in {{epoch:02d}}", field));
    }
    parts_.back().name = name;
    parts_.back().is_whole = is_whole(name);
    parts_.back().spec = parse_spec(colon == std::string::npos ? "" : std::string_view(field).substr(colon + 1),
                                    is_whole(name), where, field);
    parts_.emplace_back();
    at = end;
  }
}

std::vector<std::string> PythonFormat::names() const {
  std::vector<std::string> result;
  for (const Part& part : parts_) {
    if (!part.name.empty()) result.push_back(part.name);
  }
  return result;
}

std::string PythonFormat::format(const std::function<double(const std::string& name)>& number) const {
  std::string result;
  for (const Part& part : parts_) {
    result += part.text;
    if (!part.name.empty()) result += python_formatted(number(part.name), part.is_whole, part.spec);
  }
  return result;
}

}  // namespace hoarfrost::training
