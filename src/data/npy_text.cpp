#include "data/npy_text.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hoarfrost::data {
namespace {

constexpr uint64_t kMostEmptyTexts = 1 << 20;  // which no bytes of the file stand for

void append_utf8(std::string& text, uint32_t c) {
  if (c < 0x80) {
    text += static_cast<char>(c);
    return;
  }
  const int n_more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  constexpr uint32_t kFirst[] = {0, 0xc0, 0xe0, 0xf0};
  text += static_cast<char>(kFirst[n_more] | (c >> (6 * n_more)));
  for (int i = n_more - 1; i >= 0; --i) text += static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3f));
}

// The character at the front of UTF-8 text, which is then behind it; U+FFFD for a byte that begins none.
uint32_t next_character(std::string_view& text) {
  const auto byte = [text](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const unsigned first = byte(0);
  const size_t n = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  constexpr std::array<uint32_t, 5> kMask{0, 0x7f, 0x1f, 0x0f, 0x07};
  uint32_t character = first & kMask[n];
  bool is_one = n > 0;
  for (size_t i = 1; i < n; ++i) {
    is_one = is_one && (byte(i) & 0xc0U) == 0x80;
    character = character << 6U | (byte(i) & 0x3fU);
  }
  is_one = is_one && character <= 0x10ffff && (character < 0xd800 || character > 0xdfff);
  text.remove_prefix(is_one ? n : 1);
  return is_one ? character : 0xfffd;
}

}  // namespace

Tensor texts_of(const NpyHeader& header, std::span<const std::byte> bytes, const std::string& where) {
  if (header.is_fortran_order && header.shape.rank() > 1)
    throw Error(ErrorCode::kUnsupported, where, "text in Fortran's order: save numpy.ascontiguousarray of it");
  const auto n = static_cast<uint64_t>(header.shape.n_elements());
  if (n > 0 && header.n_element_bytes() == 0 && n > kMostEmptyTexts)
    throw Error(ErrorCode::kUnsupported, where, fmt::format("{} empty texts", n));
  std::vector<std::string> texts(n);
  for (uint64_t i = 0; i < n; ++i) {
    const auto element = bytes.subspan(i * header.n_element_bytes(), header.n_element_bytes());
    std::string& text = texts[i];
    for (uint64_t c = 0; c < header.n_characters; ++c) {
      uint32_t value = 0;
      for (uint64_t b = 0; b < header.n_character_bytes; ++b) {
        const uint64_t at = header.is_big_endian ? header.n_character_bytes - 1 - b : b;
        value |= std::to_integer<uint32_t>(element[c * header.n_character_bytes + at]) << (8 * b);
      }
      if (value > 0x10ffff) throw Error(ErrorCode::kCorrupt, where, fmt::format("{:#x} is no character", value));
      if (header.n_character_bytes == 1)
        text += static_cast<char>(value);
      else
        append_utf8(text, value);
    }
    text.resize(text.find_last_not_of('\0') + 1);
  }
  return {header.shape, std::move(texts)};
}

uint64_t characters_of(const std::vector<std::string>& texts, std::vector<uint32_t>& characters) {
  std::vector<std::vector<uint32_t>> all;
  uint64_t n_most = 1;
  for (std::string_view text : texts) {
    all.emplace_back();
    while (!text.empty()) all.back().push_back(next_character(text));
    n_most = std::max<uint64_t>(n_most, all.back().size());
  }
  for (auto& text : all) {
    text.resize(n_most);
    characters.insert(characters.end(), text.begin(), text.end());
  }
  return n_most;
}

}  // namespace hoarfrost::data
