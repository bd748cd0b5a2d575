// A file that grows while somebody may be reading it: logs. What must be whole or not at all is OutputFile's.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace hoarfrost {

class AppendFile {
 public:
  // Makes the file and its folders where they are missing, and cuts a longer one to n_bytes. Throws Error{kIo}.
  AppendFile(std::filesystem::path path, uint64_t n_bytes);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // All of it, or, with Error{kIo}, nothing. Others see it at once; it is not synced.
  void append(std::string_view bytes);
  [[nodiscard]] uint64_t size() const { return size_; }

 private:
  std::filesystem::path path_;
  int descriptor_;
  uint64_t size_ = 0;
};

}  // namespace hoarfrost
