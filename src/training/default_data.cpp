#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/examples.h>

#include <cstdlib>

#include "data/generated.h"

namespace hoarfrost::training {

namespace fs = std::filesystem;

namespace {

// keras.datasets' folder (Keras' get_file: KERAS_HOME, else ~/.keras).
fs::path keras_cifar10() {
  const char* keras = std::getenv("KERAS_HOME");
  const char* home = std::getenv("HOME");
  fs::path folder =
      keras != nullptr && *keras != '\0' ? fs::path(keras) : fs::path(home != nullptr ? home : "") / ".keras";
  folder /= "datasets/cifar-10-batches-py";
  std::error_code ignored;
  return fs::is_directory(folder, ignored) ? folder : fs::path();
}

// $XDG_CACHE_HOME, else ~/.cache.
fs::path cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache != '\0') return fs::path(cache) / "hoarfrost";
  const char* home = std::getenv("HOME");
  return (home != nullptr && *home != '\0' ? fs::path(home) / ".cache" : fs::temp_directory_path()) / "hoarfrost";
}

// Generated the first time. The file that is written last says that the others are whole.
fs::path generated(const fs::path& folder, const char* last_file, int64_t n_train,
                   void (*write)(const fs::path&, int64_t, int64_t, uint64_t), std::vector<std::string>& notes) {
  std::error_code ignored;
  if (!fs::exists(folder / last_file, ignored)) write(folder, n_train, n_train / 5, 1);
  notes.push_back(fmt::format(
      "no --data given: the generated images in {} are used (hoarfrost generate-data makes them)", folder.string()));
  return folder;
}

}  // namespace

fs::path default_data(const ModelFormat& model, std::vector<std::string>& notes) {
  const Shape shape = model.inputs.size() == 1 ? model.inputs[0].shape : Shape::unknown_rank();
  if (shape == Shape{32, 32, 3}) {
    if (fs::path keras = keras_cifar10(); !keras.empty()) {
      notes.push_back(fmt::format("no --data given: Keras' CIFAR-10 in {} is used", keras.string()));
      return keras;
    }
    return generated(cache_folder() / "generated-cifar10", "batches.meta.txt", data::kGeneratedPictures,
                     data::write_generated_cifar10, notes);
  }
  if (shape == Shape{28, 28, 1}) {
    return generated(cache_folder() / "generated-sign-language", "sign_mnist_test.csv", data::kGeneratedHands,
                     data::write_generated_sign_language, notes);
  }
  throw Error(
      ErrorCode::kInvalidArgument, "--data",
      fmt::format("no example data to train a model of inputs {} on; name a file or folder", shape.to_string()));
}

}  // namespace hoarfrost::training
