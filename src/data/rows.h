// The rows of an array, and data sets made of two arrays: examples and labels.
#pragma once

#include <hoarfrost/data.h>

#include <memory>
#include <string>

#include "data/byte_stream.h"
#include "data/source.h"

namespace hoarfrost::data {

// An array's rows along its first axis, one batch after the other: memory does not grow with the array.
class Rows {
 public:
  Rows() = default;
  // Rows in C's order that follow each other in the stream. `where` begins the text of errors. Throws Error{kCorrupt}
  // for an array without axes.
  Rows(std::unique_ptr<ByteStream> stream, DType dtype, Shape shape, bool is_big_endian, std::string where);
  // An array in memory.
  Rows(const Tensor& array, std::string where);

  [[nodiscard]] bool empty() const { return dtype_ == DType::kInvalid; }
  [[nodiscard]] DType dtype() const { return dtype_; }
  [[nodiscard]] const Shape& shape() const { return shape_; }
  [[nodiscard]] const std::string& where() const { return where_; }
  // [n, …]: the next n rows; there must be as many left.
  Tensor next(int64_t n);
  void rewind();
  void skip(int64_t n);

 private:
  std::unique_ptr<ByteStream> stream_;  // nullptr: whole_
  Tensor whole_;
  DType dtype_ = DType::kInvalid;
  Shape shape_;
  bool is_big_endian_ = false;
  std::string where_;
  uint64_t n_row_bytes_ = 0;
  int64_t row_ = 0;  // the next one
};

struct ArrayPair {
  std::string kind;
  Rows examples;
  Rows labels;                        // class indices [n] or [n, 1], or one-hot rows [n, classes]
  bool is_planes = false;             // examples are [channels, height, width]
  std::shared_ptr<const void> owner;  // what the streams read from
};
// Throws Error{kMismatch} for labels that do not go with the examples or the model, and what Transform throws.
Opened open_arrays(ArrayPair arrays, const Request& request);

// In either byte order, as a host of little endian has it.
void swap_bytes(std::span<std::byte> bytes, DType dtype);

}  // namespace hoarfrost::data
