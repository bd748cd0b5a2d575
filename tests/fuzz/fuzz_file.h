// What every fuzz target does: writes the input to a file in memory and gives its path to a reader. An Error is a right
// answer; a crash, a hang, a sanitizer's report or any other exception is a finding, and becomes a case of
// tests/errors.
#pragma once

#include <hoarfrost/error.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace hoarfrost::fuzz {

template <typename Read>
int read_bytes(const uint8_t* data, size_t n_bytes, Read read) {
  const int descriptor = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (descriptor < 0 || ::write(descriptor, data, n_bytes) != static_cast<ssize_t>(n_bytes)) return -1;
  try {
    read(std::filesystem::path("/proc/self/fd/" + std::to_string(descriptor)));
  } catch (const Error&) {
  }
  ::close(descriptor);
  return 0;
}

}  // namespace hoarfrost::fuzz
