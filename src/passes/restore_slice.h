// The part of a variable that RestoreV2's shape_and_slices names.
#pragma once

#include <hoarfrost/tensor.h>

#include <string_view>

namespace hoarfrost::passes {

// `spec` is the whole's sizes, then "start,length" or "-" (all) along each axis: "10 4 0,5:-" are the first five rows.
// Throws Error{kMismatch}: the whole has another shape; Error{kCorrupt}: no such text, or a part that reaches past it.
Tensor restore_slice(const Tensor& whole, std::string_view spec);

}  // namespace hoarfrost::passes
