#include "hdf5/child.h"

#include <fcntl.h>
#include <hoarfrost/error.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <span>
#include <string>

namespace hoarfrost::hdf5 {
namespace {

constexpr rlim_t kMostSeconds = 60;

class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { ::close(descriptor_); }
  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

bool write_all(int descriptor, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

bool read_all(int descriptor, std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::read(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    bytes = bytes.subspan(static_cast<size_t>(n));
  }
  return true;
}

[[noreturn]] void run_child(const std::function<std::vector<std::byte>()>& work, int descriptor) {
  const rlimit no_core{0, 0};
  const rlimit seconds{kMostSeconds, kMostSeconds};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::setrlimit(RLIMIT_CPU, &seconds);
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGXCPU, SIGPIPE}) std::signal(signal, SIG_DFL);
  std::vector<std::byte> result;
  try {
    result = work();
  } catch (...) {
    ::_exit(1);
  }
  const uint64_t n_bytes = result.size();
  const bool is_written = write_all(descriptor, std::as_bytes(std::span(&n_bytes, 1))) && write_all(descriptor, result);
  ::_exit(is_written ? 0 : 1);
}

}  // namespace

std::shared_ptr<const std::vector<std::byte>> in_child(const std::function<std::vector<std::byte>()>& work,
                                                       uint64_t most_bytes) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw Error(ErrorCode::kIo, "", std::string("no pipe to a process that reads HDF5: ") + std::strerror(errno));
  const pid_t child = ::fork();
  if (child == 0) run_child(work, ends[1]);
  const int fork_error = errno;
  ::close(ends[1]);
  const Descriptor from(ends[0]);
  if (child < 0)
    throw Error(ErrorCode::kIo, "", std::string("no process to read HDF5 in: ") + std::strerror(fork_error));

  uint64_t n_bytes = 0;
  std::shared_ptr<std::vector<std::byte>> result;
  if (read_all(from.get(), std::as_writable_bytes(std::span(&n_bytes, 1))) && n_bytes <= most_bytes) {
    result = std::make_shared<std::vector<std::byte>>(n_bytes);
    if (!read_all(from.get(), *result)) result = nullptr;
  }
  if (!result) ::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) < 0 && errno == EINTR) {
  }
  return result;
}

}  // namespace hoarfrost::hdf5
