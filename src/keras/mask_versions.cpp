#include "keras/mask_versions.h"

namespace hoarfrost::keras {

bool loses_masks_of_lists(Version version) {
  return version >= Version{.major = 3, .minor = 0} && version < Version{.major = 3, .minor = 4};
}

bool unites_masks(Version version) { return version >= Version{.major = 3, .minor = 4}; }

bool takes_masks_away(std::string_view class_name, Version version) {
  return class_name == "MultiHeadAttention" && version >= Version{.major = 3, .minor = 8};
}

}  // namespace hoarfrost::keras
