// What an optimizer remembers of each weight, under the names that the Kerases give it.
#pragma once

#include <string_view>
#include <vector>

namespace hoarfrost::keras {

struct OptimizerSlot {
  std::string_view name;    // Keras 2.11 to 2.15: "m" in "Adam/m/dense/kernel:0"
  std::string_view legacy;  // tf.keras 2.4 to 2.10: "m" in "training/Adam/dense/kernel/m:0"
  std::string_view keras3;  // "momentum" in "adam/dense_kernel_momentum"
  bool is_optional = false;
};

// In the order in which Keras 1 to 2.3 list them, one behind the other; empty for an optimizer that is not known.
// class_name: "Adam".
std::vector<OptimizerSlot> optimizer_slots(std::string_view class_name);

}  // namespace hoarfrost::keras
