// What reading and writing a V2 checkpoint share.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace hoarfrost::tensorflow {

constexpr int kBundleVersion = 1;  // TensorFlow 1.0 to 2.15

std::filesystem::path index_path(const std::filesystem::path& prefix);
// "PREFIX.data-00000-of-00001".
std::filesystem::path shard_path(const std::filesystem::path& prefix, int shard, int n_shards);

// The CRC-32C of a string tensor: its lengths as numbers of 32 bits (64 where they need it), the masked CRC of those,
// the bytes.
class StringCrc {
 public:
  void add_length(uint64_t length);
  void add(std::string_view bytes);
  [[nodiscard]] uint32_t value() const { return crc_; }

 private:
  uint32_t crc_ = 0;
};

}  // namespace hoarfrost::tensorflow
