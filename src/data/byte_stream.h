// Bytes that are read from the first on, wherever they lie: a file, a compressed file, a member of an archive.
#pragma once

#include <hoarfrost/file.h>

#include <memory>
#include <span>
#include <string>

#include "base/zip_file.h"

namespace hoarfrost::data {

class ByteStream {
 public:
  virtual ~ByteStream() = default;
  // Fills target. Throws Error{kCorrupt} when the bytes end before.
  virtual void read(std::span<std::byte> target) = 0;
  virtual void rewind() = 0;
  // Leaves bytes out; reads and forgets them unless there is a shorter way.
  virtual void skip(uint64_t n_bytes);
};

// A range of a file; nothing is mapped, so that its pages do not count as memory.
std::unique_ptr<ByteStream> stream_range(FileRange range);
// What a gzip file inflates to; `where` begins the text of errors.
std::unique_ptr<ByteStream> stream_gzip(std::shared_ptr<const File> file);
// A member of an archive, from byte `begin` on. The ZipFile must outlive it.
std::unique_ptr<ByteStream> stream_member(const ZipFile& zip, const ZipMember& member, uint64_t begin);

bool is_gzip(std::string_view start);

}  // namespace hoarfrost::data
