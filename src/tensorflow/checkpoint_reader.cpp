#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <cstring>

#include "base/crc32c.h"
#include "tensorflow/attribute.h"
#include "tensorflow/checkpoint.h"
#include "tensorflow/ordered_code.h"
#include "tensorflow/table.h"
#include "tensorflow/tensor_proto.h"
#include "tensorflow/wire.h"

namespace hoarfrost::tensorflow {
namespace {

constexpr size_t kBlockBytes = 1 << 20;

uint32_t crc_of(const FileRange& range) {
  std::vector<std::byte> block(std::min<uint64_t>(kBlockBytes, range.n_bytes));
  uint32_t crc = 0;
  for (uint64_t done = 0; done < range.n_bytes;) {
    const auto part = std::span(block).first(std::min<uint64_t>(block.size(), range.n_bytes - done));
    range.file->read(range.offset + done, part);
    crc = crc32c(part, crc);
    done += part.size();
  }
  return crc;
}

class CheckpointReader {
 public:
  CheckpointReader(const std::filesystem::path& prefix, bool check) : prefix_(prefix), check_(check) {}

  graph::Variables read() {
    read_index();
    graph::Variables variables;
    for (const auto& [key, entry] : entries_) {
      if (key.starts_with('\0')) continue;  // a slice: read with the variable it belongs to
      try {
        variables.emplace(key, entry.slices_size() > 0 ? assemble(key, entry) : tensor_of(entry));
      } catch (Error& error) {
        error.within(fmt::format("{}.index: `{}`", prefix_.string(), key));
        throw;
      }
    }
    return variables;
  }

 private:
  void read_index() {
    const auto path = index_path(prefix_);
    if (!std::filesystem::exists(path) && std::filesystem::is_regular_file(prefix_)) {
      throw Error(
          ErrorCode::kInvalidArgument, prefix_.string(),
          "expected a checkpoint's prefix, as tfchkpt.ckpt of tfchkpt.ckpt.index, found a file of another kind");
    }
    const auto file = File::open(path);
    try {
      const TableEntries raw = read_table(*file);
      if (raw.empty() || !raw[0].first.empty()) corrupt("a table without a checkpoint's header");
      read_header(raw[0].second);
      for (size_t i = 1; i < raw.size(); ++i) {
        if (!deserialize(entries_[raw[i].first], raw[i].second))
          corrupt(fmt::format("the entry `{}` is no BundleEntryProto", raw[i].first));
      }
    } catch (Error& error) {
      error.within(path.string());
      throw;
    }
  }

  void read_header(const std::string& bytes) {
    proto::BundleHeaderProto header;
    if (!deserialize(header, bytes) || header.num_shards() < 1) corrupt("its header is no BundleHeaderProto");
    if (header.endianness() != proto::BundleHeaderProto::LITTLE)
      throw Error(ErrorCode::kUnsupported, "", "a big-endian checkpoint");
    if (header.version().min_consumer() > kBundleVersion) {
      throw Error(
          ErrorCode::kUnsupported, "",
          fmt::format("a checkpoint of version {}; known is {}", header.version().min_consumer(), kBundleVersion));
    }
    n_shards_ = header.num_shards();
  }

  const std::shared_ptr<const File>& shard(int id) {
    if (id < 0 || id >= n_shards_) corrupt(fmt::format("lies in shard {} of {}", id, n_shards_));
    auto& file = shards_[id];
    if (file == nullptr) file = File::open(shard_path(prefix_, id, n_shards_));
    return file;
  }

  Tensor tensor_of(const proto::BundleEntryProto& entry) {
    const auto dtype = static_cast<DType>(entry.dtype());
    Shape shape = static_shape_from_proto(entry.shape());
    const auto& file = shard(entry.shard_id());
    if (entry.offset() < 0 || entry.size() < 0) corrupt("a negative offset or size");
    const FileRange range{file, static_cast<uint64_t>(entry.offset()), static_cast<uint64_t>(entry.size())};
    if (range.offset > file->size() || range.n_bytes > file->size() - range.offset) {
      corrupt(fmt::format("expected bytes {} to {} of {}, which has {}: truncated?", range.offset,
                          range.offset + range.n_bytes, file->path().string(), file->size()));
    }
    const uint32_t crc = unmask_crc32c(entry.crc32c());
    if (dtype == DType::kString) return strings_of(range, std::move(shape), crc);
    if (dtype_size(dtype) == 0) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("a value of TensorFlow's type {} cannot be read", static_cast<int>(dtype)));
    }
    Tensor tensor(dtype, std::move(shape), range);
    if (check_ && crc_of(range) != crc) wrong_crc(range);
    return tensor;
  }

  [[noreturn]] static void wrong_crc(const FileRange& range) {
    corrupt(fmt::format("its bytes in {} have a wrong CRC-32C: the file is damaged", range.file->path().string()));
  }

  // The lengths as varints, the masked CRC of the lengths as numbers, the bytes (TensorFlow's WriteStringTensor).
  Tensor strings_of(const FileRange& range, Shape shape, uint32_t expected_crc) const {
    std::string_view bytes = range.file->text().substr(range.offset, range.n_bytes);
    const auto n = static_cast<uint64_t>(shape.n_elements());
    if (n > bytes.size()) corrupt(fmt::format("{} strings in {} bytes", n, bytes.size()));
    std::vector<uint64_t> lengths(n);
    for (auto& length : lengths) length = read_varint(bytes);
    StringCrc crc;
    for (const uint64_t length : lengths) crc.add_length(length);
    if (bytes.size() < 4) corrupt("truncated inside its strings");
    uint32_t stored = 0;
    std::memcpy(&stored, bytes.data(), 4);
    if (check_ && mask_crc32c(crc.value()) != stored) wrong_crc(range);
    crc.add(bytes.substr(0, 4));
    bytes.remove_prefix(4);
    std::vector<std::string> strings;
    strings.reserve(n);
    for (const uint64_t length : lengths) {
      if (length > bytes.size()) corrupt("truncated inside its strings");
      strings.emplace_back(bytes.substr(0, length));
      crc.add(strings.back());
      bytes.remove_prefix(length);
    }
    if (check_ && crc.value() != expected_crc) wrong_crc(range);
    return Tensor(std::move(shape), std::move(strings));
  }

  // A partitioned variable: its slices stand under keys of their own.
  Tensor assemble(const std::string& name, const proto::BundleEntryProto& entry) {
    const Shape shape = static_shape_from_proto(entry.shape());
    const auto dtype = static_cast<DType>(entry.dtype());
    uint64_t n_wanted = 0;
    if (dtype_size(dtype) == 0) throw Error(ErrorCode::kUnsupported, "", "slices of a type without a fixed size");
    if (__builtin_mul_overflow(static_cast<uint64_t>(shape.n_elements()), dtype_size(dtype), &n_wanted))
      corrupt("larger than memory");
    std::vector<std::pair<std::vector<int64_t>, Tensor>> slices;
    uint64_t n_found = 0;
    for (const auto& slice : entry.slices()) {
      slices.push_back(read_slice(name, slice, shape));
      n_found += slices.back().second.n_bytes();
    }
    if (n_found != n_wanted) corrupt(fmt::format("its slices have {} bytes, the whole has {}", n_found, n_wanted));
    Tensor whole(dtype, shape);
    for (const auto& [starts, part] : slices) {
      if (part.dtype() != dtype) corrupt("a slice of another type");
      copy_slice(part, starts, whole);
    }
    return whole;
  }

  // The slice's first index along each axis, and its values.
  std::pair<std::vector<int64_t>, Tensor> read_slice(const std::string& name, const proto::TensorSliceProto& slice,
                                                     const Shape& whole) {
    const auto found = entries_.find(slice_key(name, slice));
    if (found == entries_.end()) corrupt("one of its slices is missing");
    Tensor part = tensor_of(found->second);
    if (slice.extent_size() != whole.rank() || part.shape().rank() != whole.rank()) corrupt("a slice of another rank");
    std::vector<int64_t> starts;
    for (int axis = 0; axis < whole.rank(); ++axis) {
      const int64_t start = slice.extent(axis).start();
      if (start < 0 || start > whole[axis] || part.shape()[axis] > whole[axis] - start)
        corrupt("a slice that reaches past it");
      starts.push_back(start);
    }
    return {std::move(starts), std::move(part)};
  }

  std::filesystem::path prefix_;
  bool check_;
  int n_shards_ = 0;
  std::map<std::string, proto::BundleEntryProto> entries_;
  std::map<int, std::shared_ptr<const File>> shards_;
};

}  // namespace

graph::Variables read_checkpoint(const std::filesystem::path& prefix, bool check) {
  if (!std::filesystem::exists(index_path(prefix)) && !v1_files(prefix).empty()) return read_checkpoint_v1(prefix);
  return CheckpointReader(prefix, check).read();
}

}  // namespace hoarfrost::tensorflow
