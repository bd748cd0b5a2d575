// Custom layers of other packages, which --custom can say: custom_layers.def.
#pragma once

#include <span>
#include <string_view>

#include "keras/said_by_hand.h"

namespace hoarfrost::keras {

// Sorted by class.
std::span<const SaidByHand> custom_layers();
// nullptr for a class that is none of them.
const SaidByHand* find_custom_layer(std::string_view class_name);

}  // namespace hoarfrost::keras
