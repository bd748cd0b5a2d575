#include "tensorflow/table.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <cstring>

#include "base/crc32c.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr size_t kFooterBytes = 48;  // two block handles, padding, the magic number
constexpr size_t kTrailerBytes = 5;  // a block's compression and its CRC
constexpr uint64_t kMagic = 0xdb4775248b80fb57ULL;
constexpr size_t kBlockBytes = 262144;
constexpr uint64_t kKeyBytes = 1 << 28;  // of all keys: sharing prefixes, a small file could claim any amount

template <typename T>
T little_endian(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

// The place of a block: offset and size, as varints.
std::string_view block_at(std::string_view file, std::string_view& handle) {
  const uint64_t offset = read_varint(handle);
  const uint64_t n_bytes = read_varint(handle);
  if (offset > file.size() || n_bytes > file.size() - offset || file.size() - offset - n_bytes < kTrailerBytes) {
    corrupt(fmt::format("truncated: a block of {} bytes at {}, the file has {}", n_bytes, offset, file.size()));
  }
  const std::string_view covered = file.substr(offset, n_bytes + 1);
  const auto stored = little_endian<uint32_t>(file.substr(offset + n_bytes + 1));
  if (crc32c(std::as_bytes(std::span(covered))) != unmask_crc32c(stored))
    corrupt(fmt::format("the block at {} has a wrong CRC-32C: the file is damaged", offset));
  if (covered.back() != 0)
    throw Error(ErrorCode::kUnsupported, "", "its blocks are compressed; TensorFlow writes them plain");
  return covered.substr(0, n_bytes);
}

class KeyBudget {
 public:
  void take(uint64_t n_bytes) {
    if (n_bytes > left_) corrupt("its keys are larger than any checkpoint's");
    left_ -= n_bytes;
  }

 private:
  uint64_t left_ = kKeyBytes;
};

// Entries: shared, unshared and value lengths as varints, the key's unshared end, the value. Then the restart points.
void read_block(std::string_view block, TableEntries& entries, KeyBudget& budget) {
  if (block.size() < 4) corrupt("a block without restart points");
  const uint64_t n_restarts = little_endian<uint32_t>(block.substr(block.size() - 4));
  if ((n_restarts + 1) * 4 > block.size()) corrupt("a block with more restart points than bytes");
  block.remove_suffix((n_restarts + 1) * 4);
  std::string key;
  while (!block.empty()) {
    const uint64_t n_shared = read_varint(block);
    const uint64_t n_unshared = read_varint(block);
    const uint64_t n_value = read_varint(block);
    if (n_shared > key.size() || n_unshared > block.size() || n_value > block.size() - n_unshared)
      corrupt("an entry that reaches past its block");
    key.resize(n_shared);
    key.append(block.substr(0, n_unshared));
    budget.take(key.size());
    entries.emplace_back(key, block.substr(n_unshared, n_value));
    block.remove_prefix(n_unshared + n_value);
  }
}

class StringFile : public leveldb::WritableFile {
 public:
  leveldb::Status Append(const leveldb::Slice& data) override {
    content.append(data.data(), data.size());
    return leveldb::Status::OK();
  }
  leveldb::Status Close() override { return leveldb::Status::OK(); }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Sync() override { return leveldb::Status::OK(); }
  std::string content;
};

}  // namespace

bool is_table(const File& file) {
  if (file.size() < kFooterBytes) return false;
  uint64_t magic = 0;
  file.read(file.size() - sizeof(magic), std::as_writable_bytes(std::span(&magic, 1)));
  return magic == kMagic;
}

TableEntries read_table(const File& file) {
  if (!is_table(file))
    corrupt(
        fmt::format("expected a checkpoint's index, found {} bytes that do not end as one: truncated?", file.size()));
  std::string_view footer = file.text().substr(file.size() - kFooterBytes);
  read_varint(footer);  // the metaindex block: filters, of which there are none
  read_varint(footer);
  KeyBudget budget;
  TableEntries blocks;
  read_block(block_at(file.text(), footer), blocks, budget);
  TableEntries entries;
  for (const auto& [last_key, value] : blocks) {
    std::string_view handle = value;
    read_block(block_at(file.text(), handle), entries, budget);
  }
  for (size_t i = 1; i < entries.size(); ++i) {
    if (entries[i - 1].first >= entries[i].first)
      corrupt(fmt::format("its keys are out of order at `{}`", entries[i].first));
  }
  return entries;
}

std::string build_table(const TableEntries& entries) {
  leveldb::Options options;
  options.block_size = kBlockBytes;
  options.compression = leveldb::kNoCompression;
  StringFile file;
  leveldb::TableBuilder builder(options, &file);
  for (const auto& [key, value] : entries) builder.Add(key, value);
  const leveldb::Status status = builder.Finish();
  if (!status.ok())
    throw Error(ErrorCode::kInvalidArgument, "", "the checkpoint's index cannot be built: " + status.ToString());
  return std::move(file.content);
}

}  // namespace hoarfrost::tensorflow
