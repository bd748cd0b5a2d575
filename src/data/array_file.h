// Files of named arrays, .npz and HDF5 alike.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/rows.h"

namespace hoarfrost::data {

struct ArrayFile {
  std::string kind;                // "npz", "HDF5"
  std::vector<std::string> names;  // of what it holds, in the file's order
  std::function<bool(std::string_view)> has;
  // An array's rows, read as they are asked for. Throws Error{kCorrupt} for an array without axes.
  std::function<Rows(std::string_view)> rows;
  std::shared_ptr<const void> owner;  // what the rows are read from
};
// nullopt for a file of another kind. Throws Error{kCorrupt}.
std::optional<ArrayFile> open_npz_file(const Request& request);
std::optional<ArrayFile> open_hdf5_file(const Request& request);
std::optional<ArrayFile> open_array_file(const Request& request);

// The examples and labels of such a file as a data set.
Opened open_named_arrays(const ArrayFile& file, const Request& request);

}  // namespace hoarfrost::data
