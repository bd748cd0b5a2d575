#include "base/zip_file.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <zip.h>

#include <algorithm>
#include <cstring>
#include <span>

namespace hoarfrost {
namespace {

// Deflate makes at most 1032 bytes of one (zlib's technical notes): a member that claims more lies about its size.
constexpr uint64_t kMaxDeflateRatio = 1032;

template <typename T>
T little_endian(std::span<const std::byte> bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// Where each local header lies, by the member's place in the central directory (PKWARE's APPNOTE 6.3.10, 4.3.12
// and 4.5.3). libzip knows it and does not tell. Empty where the directory is not as the APPNOTE says: members are then
// read by libzip.
class CentralDirectory {
 public:
  explicit CentralDirectory(const File& file) : bytes_(file.bytes()) {
    const auto end = find_end();
    if (!end) return;
    uint64_t n = little_endian<uint16_t>(bytes_, *end + 10);
    uint64_t offset = little_endian<uint32_t>(bytes_, *end + 16);
    if ((n == 0xffff || offset == 0xffffffff) && !read_zip64_end(*end, n, offset)) return;
    for (uint64_t i = 0; i < n && is_inside(offset, kEntryBytes); ++i) {
      if (little_endian<uint32_t>(bytes_, offset) != 0x02014b50) break;
      headers_.push_back(local_header(offset));
      offset += kEntryBytes + little_endian<uint16_t>(bytes_, offset + 28) +
                little_endian<uint16_t>(bytes_, offset + 30) + little_endian<uint16_t>(bytes_, offset + 32);
    }
  }

  // The offset of member `index`'s data, when its local header is there and has this name.
  [[nodiscard]] std::optional<uint64_t> data_offset(uint64_t index, std::string_view name) const {
    if (index >= headers_.size() || !is_inside(headers_[index], kLocalBytes)) return std::nullopt;
    const uint64_t header = headers_[index];
    if (little_endian<uint32_t>(bytes_, header) != 0x04034b50) return std::nullopt;
    const uint64_t n_name = little_endian<uint16_t>(bytes_, header + 26);
    if (!is_inside(header + kLocalBytes, n_name)) return std::nullopt;
    const auto* text = reinterpret_cast<const char*>(bytes_.data() + header + kLocalBytes);
    if (std::string_view(text, n_name) != name) return std::nullopt;
    return header + kLocalBytes + n_name + little_endian<uint16_t>(bytes_, header + 28);
  }

 private:
  static constexpr uint64_t kEndBytes = 22, kLocatorBytes = 20, kEnd64Bytes = 56, kEntryBytes = 46, kLocalBytes = 30;

  [[nodiscard]] bool is_inside(uint64_t offset, uint64_t n_bytes) const {
    return offset <= bytes_.size() && n_bytes <= bytes_.size() - offset;
  }

  // The end record stands before a comment of at most 65,535 bytes.
  [[nodiscard]] std::optional<uint64_t> find_end() const {
    if (bytes_.size() < kEndBytes) return std::nullopt;
    const uint64_t last = bytes_.size() - kEndBytes;
    for (uint64_t back = 0; back <= 0xffff && back <= last; ++back) {
      if (little_endian<uint32_t>(bytes_, last - back) == 0x06054b50) return last - back;
    }
    return std::nullopt;
  }

  [[nodiscard]] bool read_zip64_end(uint64_t end, uint64_t& n, uint64_t& offset) const {
    if (end < kLocatorBytes || little_endian<uint32_t>(bytes_, end - kLocatorBytes) != 0x07064b50)
      return true;  // really 65,535
    const auto end64 = little_endian<uint64_t>(bytes_, end - kLocatorBytes + 8);
    if (!is_inside(end64, kEnd64Bytes) || little_endian<uint32_t>(bytes_, end64) != 0x06064b50) return false;
    n = little_endian<uint64_t>(bytes_, end64 + 32);
    offset = little_endian<uint64_t>(bytes_, end64 + 48);
    return true;
  }

  // The entry's offset, or the one in its zip64 field, which holds only those of the sizes and offset that are all
  // ones.
  [[nodiscard]] uint64_t local_header(uint64_t entry) const {
    const auto offset = little_endian<uint32_t>(bytes_, entry + 42);
    if (offset != 0xffffffff) return offset;
    uint64_t extra = entry + kEntryBytes + little_endian<uint16_t>(bytes_, entry + 28);
    const uint64_t end = extra + little_endian<uint16_t>(bytes_, entry + 30);
    const uint64_t skip = (little_endian<uint32_t>(bytes_, entry + 24) == 0xffffffff ? 8 : 0) +
                          (little_endian<uint32_t>(bytes_, entry + 20) == 0xffffffff ? 8 : 0);
    while (extra + 4 <= end && is_inside(extra, 4)) {
      const uint64_t n_bytes = little_endian<uint16_t>(bytes_, extra + 2);
      if (little_endian<uint16_t>(bytes_, extra) == 1 && skip + 8 <= n_bytes && is_inside(extra + 4, n_bytes)) {
        return little_endian<uint64_t>(bytes_, extra + 4 + skip);
      }
      extra += 4 + n_bytes;
    }
    return UINT64_MAX;
  }

  std::span<const std::byte> bytes_;
  std::vector<uint64_t> headers_;
};

}  // namespace

struct ZipFile::Archive {
  zip_t* zip = nullptr;
  ~Archive() {
    if (zip != nullptr) zip_discard(zip);
  }
};

ZipFile::ZipFile(const std::filesystem::path& path) : file_(File::open(path)), archive_(std::make_unique<Archive>()) {
  int code = 0;
  archive_->zip = zip_open(path.c_str(), ZIP_RDONLY | ZIP_CHECKCONS, &code);
  if (archive_->zip == nullptr) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    const std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    throw Error(ErrorCode::kCorrupt, path.string(), "expected a zip archive: " + text);
  }
  const CentralDirectory directory(*file_);
  const auto n = static_cast<uint64_t>(zip_get_num_entries(archive_->zip, 0));
  for (uint64_t i = 0; i < n; ++i) {
    zip_stat_t stat;
    zip_stat_init(&stat);
    constexpr uint64_t kWanted =
        ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive_->zip, i, ZIP_FL_ENC_RAW, &stat) != 0 || (stat.valid & kWanted) != kWanted) {
      throw Error(ErrorCode::kCorrupt, path.string(), fmt::format("member {} of the zip archive cannot be read", i));
    }
    ZipMember member{stat.name, stat.size, stat.comp_size, i, std::nullopt};
    const bool is_stored =
        stat.comp_method == ZIP_CM_STORE && stat.encryption_method == ZIP_EM_NONE && stat.size == stat.comp_size;
    const auto offset = is_stored ? directory.data_offset(i, member.name) : std::nullopt;
    if (offset && *offset <= file_->size() && stat.size <= file_->size() - *offset)
      member.stored = FileRange{file_, *offset, stat.size};
    members_.push_back(std::move(member));
  }
}

ZipFile::~ZipFile() = default;

std::string ZipFile::where(const ZipMember& member) const { return file_->path().string() + ":" + member.name; }

std::unique_ptr<ZipStream> ZipFile::open(const ZipMember& member) const {
  if (member.n_bytes / kMaxDeflateRatio > member.n_bytes_compressed) {
    throw Error(
        ErrorCode::kCorrupt, where(member),
        fmt::format("{} compressed bytes cannot hold the {} it claims", member.n_bytes_compressed, member.n_bytes));
  }
  zip_file_t* stream = zip_fopen_index(archive_->zip, member.index, 0);
  if (stream == nullptr) throw Error(ErrorCode::kUnsupported, where(member), zip_strerror(archive_->zip));
  return std::unique_ptr<ZipStream>(new ZipStream(stream, member.n_bytes, where(member)));
}

std::shared_ptr<std::vector<std::byte>> ZipFile::read(const ZipMember& member) const {
  const auto stream = open(member);
  auto bytes = std::make_shared<std::vector<std::byte>>(member.n_bytes);
  stream->read(*bytes);
  return bytes;
}

ZipStream::~ZipStream() { zip_fclose(static_cast<zip_file_t*>(stream_)); }

void ZipStream::read(std::span<std::byte> destination) {
  auto* stream = static_cast<zip_file_t*>(stream_);
  uint64_t n_read = 0;
  while (n_read < destination.size()) {
    const int64_t n = zip_fread(stream, destination.data() + n_read, destination.size() - n_read);
    if (n <= 0) break;
    n_read += static_cast<uint64_t>(n);
  }
  const uint64_t n_wanted = destination.size();
  n_left_ -= std::min(n_left_, n_read);
  // The CRC is compared when the end is met: one more byte must be asked for.
  std::byte beyond;
  if (n_read < n_wanted || (n_left_ == 0 && zip_fread(stream, &beyond, 1) != 0)) {
    throw Error(ErrorCode::kCorrupt, where_,
                fmt::format("expected {} more bytes, read {}: {}", n_wanted, n_read, zip_file_strerror(stream)));
  }
}

}  // namespace hoarfrost
