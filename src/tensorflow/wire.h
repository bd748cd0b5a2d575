// Protobuf's wire format, walked by hand, so that a message may be larger than memory: only the bytes that are looked
// at are touched (https://protobuf.dev/programming-guides/encoding).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace hoarfrost::tensorflow {

// Throws Error{kCorrupt}; the caller's caller knows the file.
[[noreturn]] void corrupt(std::string_view message);

enum class WireType : uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kGroup = 3, kEndGroup = 4, kFixed32 = 5 };

struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t value = 0;        // of kVarint
  std::string_view payload;  // of kBytes
  std::string_view whole;    // the field with its tag
};

// The fields of one message, in their order.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}
  // False at the end. Throws Error{kCorrupt}: a truncated field, or a tag that is none.
  bool next(WireField& field);

 private:
  std::string_view rest_;
};

// The varint at the start of `bytes`, which it shortens. Throws Error{kCorrupt} when truncated or longer than 64 bits.
uint64_t read_varint(std::string_view& bytes);
void append_varint(std::string& out, uint64_t value);
void append_tag(std::string& out, uint32_t number, WireType type);
void append_bytes(std::string& out, uint32_t number, std::string_view payload);
size_t varint_size(uint64_t value);

}  // namespace hoarfrost::tensorflow
