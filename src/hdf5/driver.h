// The driver through which libhdf5 reads: a range of a file, or memory. Read-only.
#pragma once

#include <H5public.h>
#include <hoarfrost/file.h>

#include <cstdint>
#include <memory>
#include <vector>

namespace hoarfrost::hdf5 {

struct Source {
  FileRange range;  // without a file: the memory
  std::shared_ptr<const std::vector<std::byte>> memory;
  bool has_optimizer = false;  // whether `optimizer_weights`, `optimizer` and `hoarfrost_weights` are looked at
  mutable uint64_t read_budget =
      0;  // bytes that may still be read: a file whose parts point at each other must come to an end

  [[nodiscard]] uint64_t n_bytes() const { return range.file ? range.n_bytes : memory->size(); }
  // false past the end, when the budget is spent, or when the file cannot be read.
  [[nodiscard]] bool read(uint64_t offset, std::span<std::byte> destination) const;
};

// A file access list that opens `source` whatever the name given to H5Fopen. The source must outlive the file.
int64_t access_list(const Source& source);

}  // namespace hoarfrost::hdf5
