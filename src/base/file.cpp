#include <fcntl.h>
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/crc32c.h"

namespace hoarfrost {
namespace {

constexpr size_t kBlockBytes = 1 << 20;       // larger blocks were no faster, smaller ones slower
constexpr uint64_t kSyncBytes = 64ULL << 20;  // write-back starts while the rest is still being copied

// What a person can do where the system's own words do not say it.
std::string_view advice(int error) {
  if (error == ENOSPC || error == EDQUOT) return "; free some space or name another place";
  if (error == EFBIG) return "; the limit on the size of a file (ulimit -f) or the file system does not allow it";
  return "";
}

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action) {
  const int error = errno;
  throw Error(ErrorCode::kIo, path.string(),
              fmt::format("cannot {}: {}{}", action, std::strerror(error), advice(error)));
}

// To rename a new file onto a device or a pipe would take its place.
void expect_place_of_a_file(const std::filesystem::path& path) {
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (!std::filesystem::exists(status) || std::filesystem::is_regular_file(status)) return;
  const char* kind = std::filesystem::is_directory(status) ? "folder" : "device or a pipe";
  throw Error(ErrorCode::kIo, path.string(), fmt::format("cannot write it: it is a {}; name a file", kind));
}

// Where a file of this name lies: what a symbolic link points to, which need not be there yet.
std::filesystem::path without_links(const std::filesystem::path& named) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::filesystem::path path = named;
  for (int i = 0; i <= kMostLinks; ++i) {
    std::error_code error;
    const auto target = std::filesystem::read_symlink(path, error);
    if (error) return path;
    path = path.parent_path() / target;  // a target that is absolute stays alone
  }
  throw Error(ErrorCode::kIo, named.string(), "cannot write it: its symbolic link leads in a circle; name a file");
}

// Folders are made where the user names them; never where a link points to, for it may be a disk that is not mounted.
void make_folder(const std::filesystem::path& named, const std::filesystem::path& place) {
  const auto folder = place.parent_path();
  std::error_code error;
  if (folder.empty() || std::filesystem::is_directory(folder, error)) return;
  if (named != place)
    throw Error(ErrorCode::kIo, named.string(),
                fmt::format("cannot write it: it is a link to {}, whose folder is missing", place.string()));
  std::filesystem::create_directories(folder, error);
  if (error)
    throw Error(ErrorCode::kIo, named.string(),
                fmt::format("cannot make its folder {}: {}", folder.string(), error.message()));
}

}  // namespace

File::File(std::filesystem::path path, int descriptor, uint64_t size)
    : path_(std::move(path)), descriptor_(descriptor), size_(size) {}

std::shared_ptr<const File> File::open(const std::filesystem::path& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(path, "open it");
  struct stat status {};
  if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(descriptor);
    throw Error(
        ErrorCode::kIo, path.string(),
        S_ISDIR(status.st_mode) ? "expected a file, found a folder" : "expected a file, found a device or a pipe");
  }
  return std::shared_ptr<const File>(new File(path, descriptor, static_cast<uint64_t>(status.st_size)));
}

File::~File() {
  if (mapping_ != nullptr) ::munmap(const_cast<std::byte*>(mapping_), size_);
  ::close(descriptor_);
}

std::span<const std::byte> File::bytes() const {
  if (size_ == 0) return {};
  std::call_once(mapped_, [this] {
    void* address = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, descriptor_, 0);
    if (address == MAP_FAILED) fail(path_, "map it");
    mapping_ = static_cast<const std::byte*>(address);
  });
  return {mapping_, size_};
}

std::string_view File::text() const {
  const auto all = bytes();
  return {reinterpret_cast<const char*>(all.data()), all.size()};
}

void File::release(uint64_t offset, uint64_t n_bytes) const {
  static const auto page = static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  const uint64_t start = std::min(offset, size_);
  const uint64_t first = start / page * page;
  const uint64_t end = start + std::min(n_bytes, size_ - start);
  // Read-only pages of a file are never lost: an error leaves them where they are.
  if (end > first) ::madvise(const_cast<std::byte*>(bytes().data() + first), end - first, MADV_DONTNEED);
}

void File::read(uint64_t offset, std::span<std::byte> destination) const {
  if (offset > size_ || destination.size() > size_ - offset) {
    throw Error(
        ErrorCode::kCorrupt, path_.string(),
        fmt::format("truncated: expected bytes {} to {}, the file has {}", offset, offset + destination.size(), size_));
  }
  size_t done = 0;
  while (done < destination.size()) {
    const ssize_t n =
        ::pread(descriptor_, destination.data() + done, destination.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "read it");
    if (n == 0) throw Error(ErrorCode::kCorrupt, path_.string(), "became shorter while it was read");
    done += static_cast<size_t>(n);
  }
}

OutputFile::OutputFile(std::filesystem::path path) : path_(std::move(path)), place_(without_links(path_)) {
  expect_place_of_a_file(path_);
  make_folder(path_, place_);
  std::string pattern = place_.string() + ".XXXXXX";
  descriptor_ = ::mkostemp(pattern.data(), O_CLOEXEC);
  if (descriptor_ < 0) fail(path_, "write it");
  temporary_ = pattern;
  // mkostemp makes it private to the user; give it the rights that any new file has.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(descriptor_, 0666 & ~mask);
}

OutputFile::~OutputFile() {
  if (descriptor_ < 0) return;
  ::close(descriptor_);
  ::unlink(temporary_.c_str());
}

void OutputFile::reserve(uint64_t n_bytes) {
  if (n_bytes == 0) return;
  const int error = ::posix_fallocate(descriptor_, 0, static_cast<off_t>(n_bytes));
  if (error == ENOSPC || error == EFBIG) {
    errno = error;
    fail(path_, fmt::format("write its {} bytes", n_bytes));
  }
  if (error == 0) reserved_ = n_bytes;
}

void OutputFile::write(std::span<const std::byte> bytes) {
  write(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void OutputFile::write(std::string_view bytes) {
  size_ += bytes.size();
  if (buffer_.size() + bytes.size() < kBlockBytes) {
    buffer_.append(bytes);
    return;
  }
  flush();
  write_through(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size());
}

void OutputFile::write(const FileRange& range) {
  copy(range, [](std::span<const std::byte>) {});
}

uint32_t OutputFile::write_checksummed(const FileRange& range) {
  uint32_t crc = 0;
  copy(range, [&crc](std::span<const std::byte> part) { crc = crc32c(part, crc); });
  return crc;
}

// look sees each block while it is in the cache.
template <typename Look>
void OutputFile::copy(const FileRange& range, Look look) {
  flush();
  std::vector<std::byte> block(std::min<uint64_t>(kBlockBytes, range.n_bytes));
  for (uint64_t done = 0; done < range.n_bytes;) {
    const auto part = std::span(block).first(std::min<uint64_t>(block.size(), range.n_bytes - done));
    range.file->read(range.offset + done, part);
    look(std::span<const std::byte>(part));
    write_through(part.data(), part.size());
    done += part.size();
    size_ += part.size();
    if (size_ - synced_ >= kSyncBytes) {
      ::sync_file_range(descriptor_, static_cast<off_t>(synced_), static_cast<off_t>(size_ - synced_),
                        SYNC_FILE_RANGE_WRITE);
      synced_ = size_;
    }
  }
}

void OutputFile::write_at(uint64_t offset, std::span<const std::byte> bytes) {
  flush();
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n =
        ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "write it");
    done += static_cast<size_t>(n);
  }
  size_ = std::max(size_, offset + bytes.size());
  if (::lseek(descriptor_, static_cast<off_t>(size_), SEEK_SET) < 0) fail(path_, "write it");
}

void OutputFile::read_at(uint64_t offset, std::span<std::byte> destination) {
  flush();
  for (size_t done = 0; done < destination.size();) {
    const ssize_t n =
        ::pread(descriptor_, destination.data() + done, destination.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = EIO;
    if (n <= 0) fail(path_, "read back what was written");
    done += static_cast<size_t>(n);
  }
}

void OutputFile::flush() {
  write_through(reinterpret_cast<const std::byte*>(buffer_.data()), buffer_.size());
  buffer_.clear();
}

void OutputFile::write_through(const std::byte* data, size_t n_bytes) {
  while (n_bytes > 0) {
    const ssize_t n = ::write(descriptor_, data, n_bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, "write it");
    data += n;
    n_bytes -= static_cast<size_t>(n);
  }
}

void OutputFile::commit() {
  flush();
  if (reserved_ > size_ && ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) fail(path_, "cut it to its size");
  if (::fsync(descriptor_) != 0) fail(path_, "write it to disk");
  if (::rename(temporary_.c_str(), place_.c_str()) != 0) fail(path_, "put it in its place");
  ::close(descriptor_);
  descriptor_ = -1;
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  OutputFile out(path);
  out.write(text);
  out.commit();
}

}  // namespace hoarfrost
