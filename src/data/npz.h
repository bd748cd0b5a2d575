// What data sets need of .npz archives beyond read_npz.
#pragma once

#include <hoarfrost/data.h>

#include <string_view>

#include "data/npy_header.h"
#include "base/zip_file.h"

namespace hoarfrost::data {

std::string_view without_npy(std::string_view name);
// One member as a tensor: a view of the file where it is stored, in C's order and little endian.
Tensor read_member(const ZipFile& zip, const ZipMember& member);

// The rows (along the first axis) of one array, one batch after the other, read as they are asked for: memory does not
// grow with the array, unless it is in Fortran's order.
class RowStream {
 public:
  // The ZipFile must outlive it. Throws what read_npz throws, and Error{kCorrupt} for an array without axes.
  RowStream(const ZipFile& zip, const ZipMember& member);

  [[nodiscard]] DType dtype() const { return header_.dtype; }
  [[nodiscard]] const Shape& shape() const { return header_.shape; }
  // The next n rows; there must be as many left.
  Tensor next(int64_t n);
  void rewind();

 private:
  const ZipFile* zip_;
  ZipMember member_;
  NpyHeader header_;
  std::unique_ptr<ZipStream> stream_;
  Tensor whole_;     // in Fortran's order
  int64_t row_ = 0;  // the next one
};

}  // namespace hoarfrost::data
