#include "keras/optimizer_slots.h"

#include <algorithm>
#include <cctype>

namespace hoarfrost::keras {

std::vector<OptimizerSlot> optimizer_slots(std::string_view class_name) {
  const auto is = [&](std::string_view name) { return std::ranges::equal(name, class_name, {}, ::tolower, ::tolower); };
  if (is("SGD")) return {{"m", "momentum", "momentum"}};
  if (is("RMSprop"))
    return {{"velocity", "rms", "velocity"},
            {"momentum", "momentum", "momentum", true},
            {"average_gradient", "mg", "average_gradient", true}};
  if (is("Adagrad")) return {{"accumulator", "accumulator", "accumulator"}};
  if (is("Adadelta"))
    return {{"accumulated_grad", "accum_grad", "accumulated_grad"},
            {"accumulated_delta_var", "accum_var", "accumulated_delta_var"}};
  if (is("Adam") || is("AdamW"))
    return {{"m", "m", "momentum"}, {"v", "v", "velocity"}, {"vhat", "vhat", "velocity_hat", true}};
  if (is("Adamax")) return {{"m", "m", "momentum"}, {"u", "v", "norm"}};
  if (is("Nadam")) return {{"m", "m", "momentum"}, {"v", "v", "velocity"}};
  if (is("Ftrl")) return {{"accumulator", "accumulator", "accumulator"}, {"linear", "linear", "linear"}};
  return {};
}

}  // namespace hoarfrost::keras
