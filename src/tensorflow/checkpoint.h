// What reading and writing checkpoints share.
#pragma once

#include <hoarfrost/tensorflow.h>

#include <cstdint>
#include <filesystem>
#include <string_view>
#include <vector>

namespace hoarfrost::tensorflow {

constexpr int kBundleVersion = 1;  // TensorFlow 1.0 to 2.15

std::filesystem::path index_path(const std::filesystem::path& prefix);
// "PREFIX.data-00000-of-00001".
std::filesystem::path shard_path(const std::filesystem::path& prefix, int shard, int n_shards);

// The files of a V1 checkpoint with this prefix: itself, or its shards PREFIX-00000-of-00002. None: there is no such
// checkpoint. Throws Error{kIo} when some shards are missing.
std::vector<std::filesystem::path> v1_files(const std::filesystem::path& prefix);
// Throws Error{kCorrupt | kUnsupported} naming the file and the tensor.
graph::Variables read_checkpoint_v1(const std::filesystem::path& prefix);

// Copies `part`, whose first element stands at `starts` in `whole`. The part fits.
void copy_slice(const Tensor& part, const std::vector<int64_t>& starts, Tensor& whole);

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
