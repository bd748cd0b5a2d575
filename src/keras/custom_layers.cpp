#include "keras/custom_layers.h"

#include <algorithm>

namespace hoarfrost::keras {
namespace {

constexpr SaidByHand kLayers[] = {
#define CUSTOM_LAYER(class_name, from, meaning) {class_name, from, meaning},
#include "keras/custom_layers.def"
#undef CUSTOM_LAYER
};

}  // namespace

std::span<const SaidByHand> custom_layers() { return kLayers; }

const SaidByHand* find_custom_layer(std::string_view class_name) {
  const auto* found = std::ranges::find(kLayers, class_name, &SaidByHand::name);
  return found == std::end(kLayers) ? nullptr : found;
}

}  // namespace hoarfrost::keras
