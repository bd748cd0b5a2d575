#include "data/python_text.h"

namespace hoarfrost::data {
namespace {

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// The character that n hexadecimal digits from text[at] on stand for; -1 without them, or outside Latin-1.
int character_at(std::string_view text, size_t at, size_t n_digits) {
  if (n_digits > text.size() - at) return -1;
  int code = 0;
  for (const char c : text.substr(at, n_digits)) {
    const int digit = digit_of(c);
    if (digit < 0) return -1;
    code = code * 16 + digit;
  }
  return code > 255 ? -1 : code;
}

// Escapes of this kind become the character; `other` says what becomes of the others.
template <typename Other>
std::optional<std::string> unescaped(std::string_view text, char escape, size_t n_digits, const Other& other) {
  std::string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      result += text[i];
    } else if (text[++i] == escape) {
      const int code = character_at(text, i + 1, n_digits);
      if (code < 0) return {};
      result += static_cast<char>(code);
      i += n_digits;
    } else {
      result += other(text[i]);
    }
  }
  return result;
}

}  // namespace

std::optional<std::string> unescaped_literal(std::string_view text) {
  return unescaped(text, 'x', 2, [](char c) { return c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c; });
}

std::optional<std::string> unescaped_unicode(std::string_view text) {
  return unescaped(text, 'u', 4, [](char c) { return std::string{'\\', c}; });
}

std::optional<std::string> latin1_of(std::string_view utf8) {
  std::string result;
  result.reserve(utf8.size());
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto byte = static_cast<unsigned char>(utf8[i]);
    const bool is_two_bytes = (byte == 0xc2 || byte == 0xc3) && i + 1 < utf8.size();
    if (byte >= 0x80 && !is_two_bytes) return {};
    if (is_two_bytes)
      result += static_cast<char>((byte & 3U) << 6U | (static_cast<unsigned char>(utf8[++i]) & 0x3fU));
    else
      result += static_cast<char>(byte);
  }
  return result;
}

}  // namespace hoarfrost::data
