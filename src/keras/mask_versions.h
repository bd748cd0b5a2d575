// What the versions of Keras 3 do with masks, where they differ from Keras 2 and from each other.
#pragma once

#include <string_view>

#include "keras/config.h"

namespace hoarfrost::keras {

// Keras 3.0 to 3.3 look for the mask to pass on at the first argument itself, where that is a list too: merging layers
// and attention pass none on.
bool loses_masks_of_lists(Version version);
// Keras 3.4 and later: where inputs are merged, a step counts where one of their masks says so, and Multiply, Maximum
// and Minimum look at the masks. (Before, it counts where all of them say so.)
bool unites_masks(Version version);
// MultiHeadAttention of Keras 3.8 and later takes the masks from its inputs, so that whoever takes these behind it
// finds none: it matters who runs first.
bool takes_masks_away(std::string_view class_name, Version version);

}  // namespace hoarfrost::keras
