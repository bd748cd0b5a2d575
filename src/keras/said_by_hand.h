// Other people's Python that --custom or --lambda can say, known by its name. A file does not say whose it holds: such
// meanings are shown, never taken by themselves.
#pragma once

#include <string_view>

namespace hoarfrost::keras {

struct SaidByHand {
  std::string_view name;  // of a class or a function
  std::string_view from;
  std::string_view meaning;  // what stands behind `--custom CLASS=` or `--lambda LAYER=`
};

}  // namespace hoarfrost::keras
