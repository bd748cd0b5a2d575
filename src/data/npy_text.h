// NumPy's arrays of text, `U` of UCS-4 characters and `S` of bytes, as strings of UTF-8 and back.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "data/npy_header.h"

namespace hoarfrost::data {

// The texts, each without the zeros that it is filled up with. Throws Error{kCorrupt} for what is no character,
// Error{kUnsupported} for Fortran's order.
Tensor texts_of(const NpyHeader& header, std::span<const std::byte> bytes, const std::string& where);

// As `U` has them: each filled up with zeros to the length of the longest, 1 or more, which is given back. A byte that
// is no UTF-8 becomes U+FFFD.
uint64_t characters_of(const std::vector<std::string>& texts, std::vector<uint32_t>& characters);

}  // namespace hoarfrost::data
