// What UpSampling1D and UpSampling3D share: every step of the spatial axes of [batch, space…, channels] several times.
#pragma once

#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

using Factors = std::vector<int64_t>;  // one per spatial axis

// Reads size (Keras 1: length) and data_format. Throws Error{kCorrupt | kUnsupported}.
Factors parse_factors(const Config& config, int n_spatial_axes);
Shapes infer_repetition(const Factors& factors, const Shapes& in);
// tf.keras splits x into single steps and concatenates each several times: a node per step. Here x is a matrix whose
// rows are all that lies under one step of the axis, and each row is written several times in succession. `name` is the
// last node's.
Value lower_repetition(const Factors& factors, std::string_view name, Lowering& lowering, const Value& x);
Formula repetition_reference(const Factors& factors, const Array& x);

}  // namespace hoarfrost::keras
