// Data sets whose examples are picture files, decoded by several threads ahead of whoever reads.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "data/source.h"

namespace hoarfrost::data {

struct PictureFile {
  std::string name;  // relative to the set's folder
  int64_t label = 0;
};

struct PictureFiles {
  std::string kind;
  std::filesystem::path folder;
  std::vector<PictureFile> files;
  std::vector<std::string> class_names;
  std::vector<std::string> notes;
};
// Throws what Transform throws.
Opened open_picture_files(PictureFiles files, const Request& request);

}  // namespace hoarfrost::data
