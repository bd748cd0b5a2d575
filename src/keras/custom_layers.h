// Custom layers of other packages, which --custom can say: custom_layers.def.
#pragma once

#include <span>
#include <string_view>

namespace hoarfrost::keras {

struct CustomLayer {
  std::string_view class_name;
  std::string_view from;
  std::string_view meaning;  // what stands behind `--custom CLASS=`
};

// Sorted by class.
std::span<const CustomLayer> custom_layers();
// nullptr for a class that is none of them.
const CustomLayer* find_custom_layer(std::string_view class_name);

}  // namespace hoarfrost::keras
