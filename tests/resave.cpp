// resave MODEL [--weights WEIGHTS] OUT…: loads a model with its training state and saves it under other names, for the
// interop stage: NAME.json is its architecture, NAME_weights.h5 and NAME.weights.h5 its weights, any other a complete
// model. Exit status: 1 for an error, 3 for what a format cannot hold.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "keras/save.h"

namespace keras = hoarfrost::keras;

namespace {

void save(const keras::Model& model, const keras::TrainingState& state, const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name.ends_with(".json"))
    keras::save_architecture(model, path);
  else if (name.ends_with("weights.h5"))
    keras::save_weights(model, path);
  else
    keras::save_model(model, state, path);
}

}  // namespace

int main(int n_arguments, char** arguments) {
  try {
    std::vector<std::filesystem::path> outputs;
    keras::LoadOptions options;
    for (int i = 2; i < n_arguments; ++i) {
      if (std::strcmp(arguments[i], "--weights") == 0 && i + 1 < n_arguments)
        options.weights = arguments[++i];
      else
        outputs.emplace_back(arguments[i]);
    }
    const auto model = keras::load(arguments[1], options);
    const auto state = keras::read_training_state(*model, arguments[1]);
    int status = 0;
    for (const auto& path : outputs) {
      try {
        save(*model, state, path);
      } catch (const hoarfrost::Error& error) {
        fmt::print(stderr, "{}\n", error.what());
        status = error.code() == hoarfrost::ErrorCode::kUnsupported ? 3 : 1;
        if (status == 1) return 1;
      }
    }
    return status;
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
