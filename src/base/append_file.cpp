#include "base/append_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace hoarfrost {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view action, int error) {
  throw Error(ErrorCode::kIo, path.string(), fmt::format("cannot {}: {}", action, std::strerror(error)));
}

}  // namespace

AppendFile::AppendFile(std::filesystem::path path, uint64_t n_bytes) : path_(std::move(path)) {
  std::error_code error;
  if (const auto folder = path_.parent_path(); !folder.empty()) std::filesystem::create_directories(folder, error);
  if (error) throw Error(ErrorCode::kIo, path_.string(), fmt::format("cannot make its folder: {}", error.message()));
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) fail(path_, "write it", errno);
  struct stat status {};
  const bool is_regular = ::fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  if (is_regular) size_ = std::min(n_bytes, static_cast<uint64_t>(status.st_size));
  if (is_regular && ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) {
    const int cause = errno;
    ::close(descriptor_);
    fail(path_, "cut it", cause);
  }
}

AppendFile::~AppendFile() { ::close(descriptor_); }

void AppendFile::append(std::string_view bytes) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = ::write(descriptor_, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const int cause = errno;
      // What was written of it goes again; where it cannot, the next reader finds the beginning of a line.
      if (done > 0 && ::ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) size_ += done;
      fail(path_, "write it", cause);
    }
    done += static_cast<size_t>(n);
  }
  size_ += bytes.size();
}

}  // namespace hoarfrost
