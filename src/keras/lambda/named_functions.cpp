#include "keras/lambda/named_functions.h"

#include <algorithm>
#include <iterator>

namespace hoarfrost::keras {

std::span<const SaidByHand> named_functions() {
  static constexpr SaidByHand kFunctions[] = {
#define NAMED_FUNCTION(name, from, meaning) {name, from, meaning},
#include "keras/lambda/named_functions.def"
#undef NAMED_FUNCTION
  };
  return kFunctions;
}

std::vector<SaidByHand> find_named_functions(std::string_view name) {
  std::vector<SaidByHand> result;
  std::ranges::copy_if(named_functions(), std::back_inserter(result),
                       [&](const SaidByHand& function) { return function.name == name; });
  return result;
}

}  // namespace hoarfrost::keras
