// The header of NumPy's .npy format, versions 1 to 3 (NumPy's numpy/lib/format.py).
#pragma once

#include <hoarfrost/tensor.h>

#include <span>
#include <string>
#include <string_view>

namespace hoarfrost::data {

struct NpyHeader {
  DType dtype = DType::kInvalid;
  Shape shape;
  bool is_big_endian = false;
  bool is_fortran_order = false;
  uint64_t n_bytes = 0;  // of the header itself: the values start there
  // Of NumPy's text, dtype kString: how many characters an element has room for, and the bytes of each (4: `U`, 1:
  // `S`).
  uint64_t n_characters = 0;
  uint64_t n_character_bytes = 0;
  [[nodiscard]] uint64_t n_element_bytes() const;

  // `where` names the array in errors. Throws Error{kCorrupt}, and Error{kUnsupported} for types that are no numbers.
  // Text is among these unless `allows_text`.
  static NpyHeader parse(std::span<const std::byte> npy, const std::string& where, bool allows_text = false);
  // Version 1, padded so that the values start at a multiple of 64. n_characters: of each text (`U`). Throws
  // Error{kUnsupported} for a type NumPy has not.
  static std::string write(DType dtype, const Shape& shape, uint64_t n_characters = 0);
};

}  // namespace hoarfrost::data
