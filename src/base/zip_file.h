// Zip archives: the members' names and sizes, where stored ones lie in the file, and the bytes of the others.
#pragma once

#include <hoarfrost/file.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hoarfrost {

struct ZipMember {
  std::string name;
  uint64_t n_bytes = 0;  // as inflated
  uint64_t n_bytes_compressed = 0;
  uint64_t index = 0;
  std::optional<FileRange> stored;  // where its bytes are, when they are neither compressed nor encrypted
};

// The bytes of one member, from the first on.
class ZipStream {
 public:
  ~ZipStream();
  ZipStream(const ZipStream&) = delete;
  ZipStream& operator=(const ZipStream&) = delete;
  // Fills destination. Throws Error{kCorrupt} when the member ends before, and when it ends here and its CRC is not
  // right.
  void read(std::span<std::byte> destination);

 private:
  friend class ZipFile;
  ZipStream(void* stream, uint64_t n_bytes, std::string where)
      : stream_(stream), n_left_(n_bytes), where_(std::move(where)) {}
  void* stream_;  // zip_file_t
  uint64_t n_left_;
  std::string where_;
};

class ZipFile {
 public:
  // Throws Error{kIo | kCorrupt}.
  explicit ZipFile(const std::filesystem::path& path);
  ~ZipFile();
  ZipFile(const ZipFile&) = delete;
  ZipFile& operator=(const ZipFile&) = delete;

  [[nodiscard]] const std::shared_ptr<const File>& file() const { return file_; }
  [[nodiscard]] const std::vector<ZipMember>& members() const { return members_; }
  // The ZipFile must outlive the stream. Throws Error{kCorrupt} for sizes that cannot be true, Error{kUnsupported} for
  // an encrypted member.
  [[nodiscard]] std::unique_ptr<ZipStream> open(const ZipMember& member) const;
  // All bytes of a member.
  [[nodiscard]] std::shared_ptr<std::vector<std::byte>> read(const ZipMember& member) const;
  // "FILE:MEMBER", for errors.
  [[nodiscard]] std::string where(const ZipMember& member) const;

 private:
  struct Archive;
  std::shared_ptr<const File> file_;
  std::unique_ptr<Archive> archive_;
  std::vector<ZipMember> members_;
};

}  // namespace hoarfrost
