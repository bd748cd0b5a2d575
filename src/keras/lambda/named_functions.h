// Functions of Lambda layers by the name that Keras 3 keeps of them, which --lambda can say: named_functions.def.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace hoarfrost::keras {

struct NamedFunction {
  std::string_view name;
  std::string_view from;
  std::string_view meaning;  // what stands behind `--lambda LAYER=`
};

// Sorted by name; several may have the same.
std::span<const NamedFunction> named_functions();
std::vector<NamedFunction> find_named_functions(std::string_view name);

}  // namespace hoarfrost::keras
