#include "keras/lambda/named_functions.h"

#include <algorithm>
#include <iterator>

namespace hoarfrost::keras {

std::span<const NamedFunction> named_functions() {
  static constexpr NamedFunction kFunctions[] = {
#define NAMED_FUNCTION(name, from, meaning) {name, from, meaning},
#include "keras/lambda/named_functions.def"
#undef NAMED_FUNCTION
  };
  return kFunctions;
}

std::vector<NamedFunction> find_named_functions(std::string_view name) {
  std::vector<NamedFunction> result;
  std::ranges::copy_if(named_functions(), std::back_inserter(result),
                       [&](const NamedFunction& function) { return function.name == name; });
  return result;
}

}  // namespace hoarfrost::keras
