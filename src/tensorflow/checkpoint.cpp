#include "tensorflow/checkpoint.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <cstring>
#include <regex>

#include "base/crc32c.h"
#include "tensorflow/proto/meta_graph.pb.h"
#include "tensorflow/text_format.h"

namespace hoarfrost::tensorflow {
namespace {

namespace fs = std::filesystem;

fs::path with_suffix(fs::path path, std::string_view suffix) { return path += suffix; }

// Without what the names of a checkpoint's files end in.
fs::path without_suffix(const fs::path& path) {
  static const std::regex kSuffix(R"((-\?{5}-of-\d{5}|-\d{5}-of-\d{5}|\.index|\.meta|\.data-\d{5}-of-\d{5})$)");
  return std::regex_replace(path.string(), kSuffix, "");
}

// The newest checkpoint that the state file of `folder` names.
fs::path from_state(const fs::path& state) {
  proto::CheckpointState message;
  try {
    parse_text(File::open(state)->text(), message);
    if (message.model_checkpoint_path().empty())
      throw Error(ErrorCode::kCorrupt, "", "it names no model_checkpoint_path");
  } catch (Error& error) {
    if (error.code() != ErrorCode::kIo) error.within(state.string());
    throw;
  }
  const fs::path named = message.model_checkpoint_path();
  fs::path prefix = named.is_absolute() ? named : state.parent_path() / named;
  const fs::path beside = state.parent_path() / named.filename();
  const auto is_there = [](const fs::path& p) {
    return fs::exists(index_path(p)) || !v1_files(without_suffix(p)).empty();
  };
  return !is_there(prefix) && is_there(beside) ? beside : prefix;  // the folder was moved
}

fs::path from_folder(const fs::path& folder) {
  if (fs::exists(folder / "checkpoint")) return from_state(folder / "checkpoint");
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (entry.path().extension() == ".index") found.push_back(fs::path(entry.path()).replace_extension());
  }
  if (found.size() == 1) return found[0];
  throw Error(ErrorCode::kIo, folder.string(),
              found.empty() ? "no checkpoint in this folder: it has neither a file `checkpoint` nor an .index"
                            : fmt::format("{} checkpoints and no file `checkpoint` that chooses one; name its prefix",
                                          found.size()));
}

}  // namespace

void copy_slice(const Tensor& part, const std::vector<int64_t>& starts, Tensor& whole) {
  if (part.n_bytes() == 0) return;
  const int rank = whole.shape().rank();
  const auto source = part.bytes();
  const auto target = whole.mutable_bytes();
  const uint64_t row_bytes = static_cast<uint64_t>(rank == 0 ? 1 : part.shape().last()) * dtype_size(part.dtype());
  std::vector<int64_t> index(static_cast<size_t>(rank), 0);  // of the row; its last number stays 0
  for (uint64_t done = 0; done < source.size(); done += row_bytes) {
    uint64_t place = 0;
    for (int axis = 0; axis < rank; ++axis) {
      const auto a = static_cast<size_t>(axis);
      place = place * static_cast<uint64_t>(whole.shape()[axis]) + static_cast<uint64_t>(starts[a] + index[a]);
    }
    std::memcpy(target.data() + place * dtype_size(part.dtype()), source.data() + done, row_bytes);
    for (int axis = rank - 2; axis >= 0 && ++index[static_cast<size_t>(axis)] == part.shape()[axis]; --axis)
      index[static_cast<size_t>(axis)] = 0;
  }
}

fs::path index_path(const fs::path& prefix) { return with_suffix(prefix, ".index"); }

fs::path shard_path(const fs::path& prefix, int shard, int n_shards) {
  return with_suffix(prefix, fmt::format(".data-{:05}-of-{:05}", shard, n_shards));
}

void StringCrc::add_length(uint64_t length) {
  const size_t n_bytes = length <= UINT32_MAX ? 4 : 8;
  crc_ = crc32c(std::as_bytes(std::span(&length, 1)).first(n_bytes), crc_);
}

void StringCrc::add(std::string_view bytes) { crc_ = crc32c(std::as_bytes(std::span(bytes)), crc_); }

fs::path checkpoint_prefix(const fs::path& path) {
  fs::path prefix = path;
  if (fs::is_directory(path)) {
    prefix = from_folder(path);
  } else if (path.filename() == "checkpoint" && fs::is_regular_file(path)) {
    prefix = from_state(path);
  }
  if (!fs::exists(index_path(prefix))) {
    const fs::path stem = without_suffix(prefix);
    if (fs::exists(index_path(stem)) || !v1_files(stem).empty() || !fs::is_regular_file(prefix)) prefix = stem;
  }
  if (!fs::exists(index_path(prefix)) && !fs::is_regular_file(prefix) && v1_files(prefix).empty()) {
    throw Error(ErrorCode::kIo, path.string(),
                fmt::format("no checkpoint: {} is missing", index_path(prefix).string()));
  }
  return prefix;
}

}  // namespace hoarfrost::tensorflow
