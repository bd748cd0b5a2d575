// A .keras archive: a zip file with config.json, metadata.json and model.weights.h5 (docs/formats/keras_v3.md).
#pragma once

#include <hoarfrost/file.h>

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "hdf5/tree.h"
#include "keras/vocabulary_assets.h"

namespace hoarfrost::keras {

struct Archive {
  std::string config;                         // config.json's text
  std::optional<std::string> version;         // metadata.json's keras_version
  std::shared_ptr<const hdf5::Tree> weights;  // nullptr without model.weights.h5
  VocabularyAssets vocabularies;
  std::string hoarfrost;  // hoarfrost.json's text, "" without (save.h)
};

// Members may stand in a folder of the archive. Stored weights are read where they lie, deflated ones are inflated into
// memory. Throws Error{kCorrupt} for a damaged archive or sizes that cannot be true, Error{kInvalidArgument} for a zip
// file of another kind. has_optimizer: as hdf5::Tree::open.
Archive read_archive(const std::filesystem::path& path, bool has_optimizer = false);

// The one .h5 file of a zip file that is no .keras archive, such as Teachable Machine's converted_keras.zip; nullptr
// for an archive, and where there is none or several.
std::shared_ptr<const hdf5::Tree> only_hdf5_in(const std::filesystem::path& path);

}  // namespace hoarfrost::keras
