#include "tensorflow/wire.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::tensorflow {

void corrupt(std::string_view message) { throw Error(ErrorCode::kCorrupt, "", message); }

namespace {

std::string_view take(std::string_view& bytes, uint64_t n_bytes, uint32_t number) {
  if (n_bytes > bytes.size()) {
    corrupt(fmt::format("truncated: field {} says {} bytes, {} are left", number, n_bytes, bytes.size()));
  }
  const std::string_view taken = bytes.substr(0, n_bytes);
  bytes.remove_prefix(n_bytes);
  return taken;
}

}  // namespace

uint64_t read_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (bytes.empty()) corrupt("truncated inside a number");
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  corrupt("a number of more than 64 bits");
}

bool WireReader::next(WireField& field) {
  if (rest_.empty()) return false;
  const std::string_view start = rest_;
  const uint64_t tag = read_varint(rest_);
  field = {};
  field.number = static_cast<uint32_t>(tag >> 3);
  field.type = static_cast<WireType>(tag & 7);
  if (tag >> 32 != 0 || field.number == 0) corrupt(fmt::format("expected a protobuf field, found tag {}", tag));
  switch (field.type) {
    case WireType::kVarint:
      field.value = read_varint(rest_);
      break;
    case WireType::kFixed64:
      take(rest_, 8, field.number);
      break;
    case WireType::kFixed32:
      take(rest_, 4, field.number);
      break;
    case WireType::kBytes:
      field.payload = take(rest_, read_varint(rest_), field.number);
      break;
    default:
      corrupt(fmt::format("expected a protobuf field, found tag {}", tag));
  }
  field.whole = start.substr(0, start.size() - rest_.size());
  return true;
}

void append_varint(std::string& out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void append_tag(std::string& out, uint32_t number, WireType type) {
  append_varint(out, (uint64_t{number} << 3) | static_cast<uint64_t>(type));
}

void append_bytes(std::string& out, uint32_t number, std::string_view payload) {
  append_tag(out, number, WireType::kBytes);
  append_varint(out, payload.size());
  out.append(payload);
}

size_t varint_size(uint64_t value) {
  size_t n_bytes = 1;
  for (; value >= 0x80; value >>= 7) ++n_bytes;
  return n_bytes;
}

}  // namespace hoarfrost::tensorflow
