#include "training/python_number.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>

namespace hoarfrost::training {
namespace {

struct Digits {
  std::string sign, digits;  // "-", "12345"
  int exponent = 0;          // of the first digit
};

template <typename T>
Digits shortest(T value) {
  char buffer[64];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, std::abs(value), std::chars_format::scientific).ptr;
  const std::string text(buffer, end);
  const size_t e = text.find('e');
  Digits result{std::signbit(value) ? "-" : "", text.substr(0, e), std::atoi(text.c_str() + e + 1)};
  if (result.digits.size() > 1) result.digits.erase(1, 1);  // the point
  return result;
}

std::string with_exponent(const Digits& d) {
  const std::string rest = d.digits.size() > 1 ? "." + d.digits.substr(1) : "";
  return fmt::format("{}{}{}e{}{:02d}", d.sign, d.digits[0], rest, d.exponent < 0 ? '-' : '+', std::abs(d.exponent));
}

std::string positional(const Digits& d) {
  if (d.exponent < 0)
    return fmt::format("{}0.{}{}", d.sign, std::string(static_cast<size_t>(-d.exponent - 1), '0'), d.digits);
  const auto n_before = static_cast<size_t>(d.exponent) + 1;
  if (d.digits.size() <= n_before)
    return fmt::format("{}{}{}.0", d.sign, d.digits, std::string(n_before - d.digits.size(), '0'));
  return fmt::format("{}{}.{}", d.sign, d.digits.substr(0, n_before), d.digits.substr(n_before));
}

std::string not_finite(double value) { return std::isnan(value) ? "nan" : value < 0 ? "-inf" : "inf"; }

}  // namespace

std::string python_repr(double value) {
  if (!std::isfinite(value)) return not_finite(value);
  const Digits digits = shortest(value);
  return digits.exponent < -4 || digits.exponent >= 16 ? with_exponent(digits) : positional(digits);
}

std::string python_str(float value) {
  if (!std::isfinite(value)) return not_finite(value);
  const auto size = static_cast<double>(std::abs(value));
  return size != 0 && (size < 1e-4 || size >= 1e16) ? with_exponent(shortest(value)) : positional(shortest(value));
}

}  // namespace hoarfrost::training
