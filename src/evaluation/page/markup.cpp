#include "evaluation/page/markup.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace hoarfrost::evaluation::page {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The bytes of the character that begins here; 0 when they are no UTF-8 (RFC 3629).
size_t character_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  const size_t n = first < 0x80                    ? 1
                   : first >= 0xC2 && first < 0xE0 ? 2
                   : first >= 0xE0 && first < 0xF0 ? 3
                   : first >= 0xF0 && first < 0xF5 ? 4
                                                   : 0;
  if (n == 0 || n > text.size()) return 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  const bool is_overlong = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xF0 && byte(1) < 0x90);
  const bool is_outside = (first == 0xED && byte(1) >= 0xA0) || (first == 0xF4 && byte(1) >= 0x90);
  return is_overlong || is_outside ? 0 : n;
}

std::string_view entity(char c) {
  switch (c) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return "";
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t n = character_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    if (n == 0 || first < ' ' || first == 0x7F) {
      result += kReplacement;
    } else if (const auto known = entity(text[0]); !known.empty()) {
      result += known;
    } else {
      result += text.substr(0, n);
    }
    text.remove_prefix(n == 0 ? 1 : n);
  }
  return result;
}

std::string shortened(std::string_view text, size_t n) {
  size_t end = 0, n_characters = 0, end_of_all_but_one = 0;
  while (end < text.size() && n_characters < n) {
    if (n_characters + 1 == n) end_of_all_but_one = end;
    const size_t length = character_length(text.substr(end));
    end += length == 0 ? 1 : length;
    ++n_characters;
  }
  if (end == text.size()) return std::string(text);
  return std::string(text.substr(0, end_of_all_but_one)) + "…";
}

std::string base64(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string result;
  result.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t n = std::min<size_t>(bytes.size() - i, 3);
    uint32_t word = static_cast<uint32_t>(bytes[i]) << 16;
    if (n > 1) word |= static_cast<uint32_t>(bytes[i + 1]) << 8;
    if (n > 2) word |= bytes[i + 2];
    for (size_t k = 0; k < 4; ++k) result += k <= n ? kDigits[word >> (18 - 6 * k) & 63] : '=';
  }
  return result;
}

std::string grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<int64_t>(digits.size()) - 3; i > 0; i -= 3) digits.insert(static_cast<size_t>(i), "\u202F");
  return digits;
}

std::string percent(double part, int digits) {
  return std::isnan(part) ? "–" : fmt::format("{:.{}f}\u202F%", part * 100, digits);
}

}  // namespace hoarfrost::evaluation::page
