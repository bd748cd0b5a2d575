// The operations of Keras 3.15's keras.ops, and functions of TensorFlow's that a TFOpLambda may hold, that are not
// converted, and why. Together with the operations' registry it speaks of every Operation class of keras.ops.
#pragma once

#include <span>
#include <string_view>

namespace hoarfrost::keras {

struct OperationNote {
  std::string_view name;    // Keras 3's class, or "tf." and TensorFlow's function
  std::string_view reason;  // ends a sentence: "its …"
};

// Sorted by name within each: classes, then functions.
std::span<const OperationNote> operation_notes();
// Why the operation is refused; empty where that is not known.
std::string_view refusal_of_operation(std::string_view name);

}  // namespace hoarfrost::keras
