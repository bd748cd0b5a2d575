#include "tensorflow/checkpoint.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <regex>

#include "base/crc32c.h"
#include "tensorflow/proto/meta_graph.pb.h"
#include "tensorflow/text_format.h"

namespace hoarfrost::tensorflow {
namespace {

namespace fs = std::filesystem;

fs::path with_suffix(fs::path path, std::string_view suffix) { return path += suffix; }

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
  return !fs::exists(index_path(prefix)) && fs::exists(index_path(beside)) ? beside : prefix;  // the folder was moved
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
  static const std::regex kSuffix(R"((\.index|\.meta|\.data-\d{5}-of-\d{5})$)");
  fs::path prefix = path;
  if (fs::is_directory(path)) {
    prefix = from_folder(path);
  } else if (path.filename() == "checkpoint" && fs::is_regular_file(path)) {
    prefix = from_state(path);
  } else if (!fs::exists(index_path(path))) {
    prefix = std::regex_replace(path.string(), kSuffix, "");
  }
  if (!fs::exists(index_path(prefix)) && !fs::is_regular_file(prefix)) {
    throw Error(ErrorCode::kIo, path.string(),
                fmt::format("no checkpoint: {} is missing", index_path(prefix).string()));
  }
  return prefix;
}

}  // namespace hoarfrost::tensorflow
