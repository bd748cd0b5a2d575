#include "tensorflow/ordered_code.h"

#include <bit>

namespace hoarfrost::tensorflow {
namespace {

// The last n_bytes of the number, most significant first.
void append_big_endian(std::string& out, uint64_t value, int n_bytes) {
  for (int i = n_bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(value >> (8 * i)));
}

}  // namespace

// How many bytes follow, then those bytes.
void append_ordered(std::string& out, uint64_t value) {
  const int n_bytes = (static_cast<int>(std::bit_width(value)) + 7) / 8;
  out.push_back(static_cast<char>(n_bytes));
  append_big_endian(out, value, n_bytes);
}

// n bytes hold 7n - 1 bits; the leading bits say n, in ones for positive and in zeros for negative numbers.
void append_ordered_signed(std::string& out, int64_t value) {
  const uint64_t magnitude = static_cast<uint64_t>(value < 0 ? ~value : value);
  const int n_bytes = static_cast<int>(std::bit_width(magnitude)) / 7 + 1;
  std::string code;
  const char sign = value < 0 ? '\xff' : '\0';
  if (n_bytes > 8) code.assign(static_cast<size_t>(n_bytes) - 8, sign);
  append_big_endian(code, static_cast<uint64_t>(value), std::min(n_bytes, 8));
  for (int bit = 0; bit < n_bytes; ++bit) code[static_cast<size_t>(bit) / 8] ^= static_cast<char>(0x80 >> (bit % 8));
  out += code;
}

// 0x00 and 0xff are escaped, so that 0x00 0x01 can end it.
void append_ordered(std::string& out, std::string_view text) {
  for (const char c : text) {
    out.push_back(c);
    if (c == '\0') out.push_back('\xff');
    if (c == '\xff') out.push_back('\0');
  }
  out.append(std::string_view("\0\1", 2));
}

std::string slice_key(std::string_view name, const proto::TensorSliceProto& slice) {
  std::string key;
  append_ordered(key, uint64_t{0});
  append_ordered(key, name);
  append_ordered(key, static_cast<uint64_t>(slice.extent_size()));
  for (const auto& extent : slice.extent()) {
    append_ordered_signed(key, extent.start());
    append_ordered_signed(key,
                          extent.has_length_case() == proto::TensorSliceProto::Extent::kLength ? extent.length() : -1);
  }
  return key;
}

}  // namespace hoarfrost::tensorflow
