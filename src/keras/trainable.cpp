#include "keras/trainable.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

// The random layers that augment in training.
constexpr std::array<std::string_view, 7> kAugment{"RandomBrightness", "RandomContrast",    "RandomCrop", "RandomFlip",
                                                   "RandomRotation",   "RandomTranslation", "RandomZoom"};

}  // namespace

void expect_trainable(const ModelLayer& layer) {
  const std::string_view full = layer.class_name;
  const std::string_view name = full.substr(full.rfind('>') + 1);
  if (name.starts_with("Random") && std::ranges::find(kAugment, name) == kAugment.end()) {
    throw Error(ErrorCode::kUnsupported, "",
                "augments at random in training, which is not done for this layer: take it out, or use --augment");
  }
  if (name != "Embedding" || layer.config == nullptr) return;
  const auto dropout = layer.config->find("dropout");
  if (dropout != layer.config->end() && dropout->is_number() && dropout->get<double>() > 0) {
    throw Error(
        ErrorCode::kUnsupported, "",
        fmt::format(
            "cannot be trained with dropout = {} (Keras 1 dropped whole words): set it to 0 in the configuration",
            dropout->get<double>()));
  }
}

}  // namespace hoarfrost::keras
