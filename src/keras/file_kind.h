// What a file is, by what it holds: endings lie (9 of 43 public .keras files are HDF5, and some .h5 files are JSON).
#pragma once

#include <hoarfrost/file.h>

#include <string>

namespace hoarfrost::keras {

enum class FileKind { kHdf5, kZip, kJson, kYaml, kTensorflowJs, kOther };

FileKind file_kind(const File& file);
// What a file of another kind looks like, for an error: "a Python pickle", "an empty file".
std::string describe(const File& file);

}  // namespace hoarfrost::keras
