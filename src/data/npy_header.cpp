#include "data/npy_header.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <array>
#include <charconv>
#include <utility>

namespace hoarfrost::data {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int kMaxAxes = 32;  // NumPy's own limit before 2.0

constexpr std::array<std::pair<std::string_view, DType>, 15> kTypes{{{"f4", DType::kFloat32},
                                                                     {"f8", DType::kFloat64},
                                                                     {"f2", DType::kFloat16},
                                                                     {"u1", DType::kUInt8},
                                                                     {"i1", DType::kInt8},
                                                                     {"u2", DType::kUInt16},
                                                                     {"i2", DType::kInt16},
                                                                     {"u4", DType::kUInt32},
                                                                     {"i4", DType::kInt32},
                                                                     {"u8", DType::kUInt64},
                                                                     {"i8", DType::kInt64},
                                                                     {"b1", DType::kBool},
                                                                     {"c8", DType::kComplex64},
                                                                     {"c16", DType::kComplex128},
                                                                     {"?", DType::kBool}}};

// The Python dictionary literal of a header: three keys in any order, of a string, a bool and a tuple of integers.
class Dictionary {
 public:
  Dictionary(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  void parse(NpyHeader& header) {
    bool has_descr = false, has_order = false, has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string_view key = string();
      expect(':');
      if (key == "descr")
        parse_descr(header), has_descr = true;
      else if (key == "fortran_order")
        header.is_fortran_order = boolean(), has_order = true;
      else if (key == "shape")
        header.shape = tuple(), has_shape = true;
      else
        fail(fmt::format("the key `{}` is not one of descr, fortran_order, shape", key));
      if (!accept(',') && peek() != '}') fail("`,` or `}` is missing");
    }
    if (!has_descr || !has_order || !has_shape) fail("descr, fortran_order or shape is missing");
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    throw Error(ErrorCode::kCorrupt, where_, fmt::format("the .npy header is not as NumPy writes it: {}", what));
  }

  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(fmt::format("`{}` is missing", c));
  }

  std::string_view string() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail("a string is missing");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a string does not end");
    const std::string_view result = text_.substr(at_ + 1, end - at_ - 1);
    at_ = end + 1;
    return result;
  }

  void parse_descr(NpyHeader& header) {
    if (peek() == '[')
      throw Error(ErrorCode::kUnsupported, where_, "expected an array of numbers, found records (a structured dtype)");
    const std::string_view descr = string();
    const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    const std::string_view type = descr.substr(has_order ? 1 : 0);
    header.is_big_endian = has_order && descr[0] == '>';
    if (type.starts_with('U') || type.starts_with('S')) parse_text(header, type);
    for (const auto& [name, dtype] : kTypes) {
      if (type == name) header.dtype = dtype;
    }
    if (header.dtype == DType::kInvalid) {
      throw Error(ErrorCode::kUnsupported, where_,
                  fmt::format("expected an array of numbers, found NumPy's dtype `{}`", descr));
    }
  }

  void parse_text(NpyHeader& header, std::string_view type) const {
    const auto [end, error] = std::from_chars(type.data() + 1, type.data() + type.size(), header.n_characters);
    constexpr uint64_t kMost = 1 << 20;
    if (error != std::errc() || end != type.data() + type.size() || header.n_characters > kMost) return;
    header.dtype = DType::kString;
    header.n_character_bytes = type[0] == 'U' ? 4 : 1;
  }

  bool boolean() {
    const char c = peek();
    const std::string_view word = c == 'T' ? "True" : "False";
    if (text_.substr(at_, word.size()) != word) fail("fortran_order is neither True nor False");
    at_ += word.size();
    return c == 'T';
  }

  Shape tuple() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      (void)peek();
      int64_t size = -1;
      const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), size);
      if (error != std::errc() || size < 0) fail("the shape holds something that is no size");
      at_ = static_cast<size_t>(end - text_.data());
      accept('L');  // Python 2's long
      shape.push_back(size);
      if (shape.rank() > kMaxAxes) fail("the shape has more than 32 axes");
      if (!accept(',') && peek() != ')') fail("`,` or `)` is missing");
    }
    return shape;
  }

  std::string_view text_;
  const std::string& where_;
  size_t at_ = 0;
};

}  // namespace

uint64_t NpyHeader::n_element_bytes() const {
  return dtype == DType::kString ? n_characters * n_character_bytes : dtype_size(dtype);
}

NpyHeader NpyHeader::parse(std::span<const std::byte> npy, const std::string& where, bool allows_text) {
  const std::string_view text(reinterpret_cast<const char*>(npy.data()), npy.size());
  const auto byte = [&](size_t i) { return static_cast<uint64_t>(npy[i]); };
  if (text.size() < 10 || !text.starts_with(kMagic))
    throw Error(ErrorCode::kCorrupt, where, "expected an array in .npy format, its magic bytes are missing");
  const uint64_t version = byte(6);
  if (version < 1 || version > 3)
    throw Error(ErrorCode::kUnsupported, where, fmt::format("expected a .npy of version 1 to 3, found {}", version));
  const size_t start = version == 1 ? 10 : 12;
  uint64_t n = byte(8) | byte(9) << 8;
  if (version > 1 && text.size() >= start) n |= byte(10) << 16 | byte(11) << 24;
  if (text.size() < start || n > text.size() - start) {
    throw Error(ErrorCode::kCorrupt, where,
                fmt::format("expected a .npy header of {} bytes, found {} in all", n, text.size()));
  }
  NpyHeader header;
  Dictionary(text.substr(start, n), where).parse(header);
  if (header.dtype == DType::kString && !allows_text)
    throw Error(ErrorCode::kUnsupported, where, "expected an array of numbers, found NumPy's text");
  header.n_bytes = start + n;
  return header;
}

std::string NpyHeader::write(DType dtype, const Shape& shape, uint64_t n_characters) {
  std::string type;
  if (dtype == DType::kString) type = fmt::format("U{}", n_characters);
  for (const auto& [name, candidate] : kTypes) {
    if (candidate == dtype && type.empty()) type = name;
  }
  if (type.empty())
    throw Error(ErrorCode::kUnsupported, "", fmt::format("NumPy has no type for {}", dtype_name(dtype)));
  std::string sizes;
  for (const int64_t size : shape.sizes()) sizes += fmt::format("{}{}", sizes.empty() ? "" : ", ", size);
  if (shape.rank() == 1) sizes += ",";
  const char order = dtype_size(dtype) == 1 ? '|' : '<';
  std::string text = fmt::format("{{'descr': '{}{}', 'fortran_order': False, 'shape': ({}), }}", order, type, sizes);
  const size_t n_unpadded = 10 + text.size() + 1;
  text += std::string((n_unpadded + 63) / 64 * 64 - n_unpadded, ' ') + '\n';
  std::string result(kMagic);
  result += {'\1', '\0', static_cast<char>(text.size() & 0xff), static_cast<char>(text.size() >> 8)};
  return result + text;
}

}  // namespace hoarfrost::data
