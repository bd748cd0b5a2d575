// Writes zip archives of stored members, as Keras writes its .keras (PKWARE's APPNOTE 6.3.10): each member's bytes go
// straight into the file, and may be written there by others.
#pragma once

#include <hoarfrost/file.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost {

class ZipWriter {
 public:
  // The archive begins at the end of `file`, which must be its beginning and outlive the writer.
  explicit ZipWriter(OutputFile& file) : file_(file) {}

  void add(const std::string& name, std::string_view bytes);
  // What is written at the end of the file until end() is the member. With `is_large` it may have 4 GiB or more; the
  // header then has room for it. Throws Error{kIo}, also at end() for a member that is larger than was said.
  void begin(const std::string& name, bool is_large);
  void end();
  // The directory of members. To be called last. Throws Error{kIo}.
  void finish();

 private:
  struct Member {
    std::string name;
    uint64_t header = 0;  // offset
    uint64_t n_bytes = 0;
    uint32_t crc = 0;
    bool is_large = false;
  };
  [[nodiscard]] uint64_t data_offset(const Member& member) const;
  OutputFile& file_;
  std::vector<Member> members_;
};

}  // namespace hoarfrost
