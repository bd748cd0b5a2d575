// Functions of Lambda layers by the name that Keras 3 keeps of them, which --lambda can say: named_functions.def.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "keras/said_by_hand.h"

namespace hoarfrost::keras {

// Sorted by name; several may have the same.
std::span<const SaidByHand> named_functions();
std::vector<SaidByHand> find_named_functions(std::string_view name);

}  // namespace hoarfrost::keras
