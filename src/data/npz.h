// What data sets need of .npz archives beyond read_npz.
#pragma once

#include <hoarfrost/data.h>

#include <string_view>

#include "base/zip_file.h"
#include "data/npy_header.h"
#include "data/rows.h"

namespace hoarfrost::data {

std::string_view without_npy(std::string_view name);
// One member as a tensor: a view of the file where it is stored, in C's order and little endian.
Tensor read_member(const ZipFile& zip, const ZipMember& member);

// The rows of one member, read as they are asked for, unless it is in Fortran's order. The ZipFile must outlive them.
// Throws what read_npz throws, and Error{kCorrupt} for an array without axes.
Rows member_rows(const ZipFile& zip, const ZipMember& member);
// The same for the array of a .npy.
Rows npy_rows(const std::shared_ptr<const File>& file);

}  // namespace hoarfrost::data
