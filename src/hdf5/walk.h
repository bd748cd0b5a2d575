// The part that calls libhdf5. It runs in a child process (child.h) and says what it finds as JSON, sent as CBOR:
//
//   group     {"children": {name: group | dataset}, "attributes": {name: [strings] | null}}       null: not strings
//   dataset   {"dtype": number, "shape": [sizes], "offset": bytes from the range's begin}          a view can be made
//             {"dtype": number, "shape": [sizes]}                                                  it must be read
//             {"error": text, "code": number}                                                      it cannot be
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "hdf5/driver.h"

namespace hoarfrost::hdf5 {

using Index = nlohmann::json;

// The whole tree, without the optimizer's part of it and without links that lead elsewhere; null when the file cannot
// be opened.
Index walk(const Source& source);
struct RowRange {
  uint64_t first = 0;
  uint64_t n = 0;
};
// The values of one dataset of walk(), or of some rows along its first axis, little-endian; empty when they cannot be
// read.
std::vector<std::byte> read_values(const Source& source, std::string_view path, const std::optional<RowRange>& rows);

}  // namespace hoarfrost::hdf5
