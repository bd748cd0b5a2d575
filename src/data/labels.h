// Labels in a file of their own.
#pragma once

#include <filesystem>

#include "data/rows.h"

namespace hoarfrost::data {

// A .npy, or an IDX file (.gz too). Throws Error{kUnsupported} for another kind, and what they throw.
Rows labels_file(const std::filesystem::path& path);
// The array of an IDX file; an empty Rows when the file is none.
Rows idx_rows(const std::filesystem::path& path);

}  // namespace hoarfrost::data
