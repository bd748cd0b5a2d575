// What the layers that merge several inputs share. Keras 2.15: base_merge.py.
#pragma once

#include <string_view>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// Element by element, with broadcasting; inputs of lower rank get axes of one after the batch.
Shape merged_shape(const Shapes& in);
// A node `SCOPE/NAME` for each input after the first, and the inputs' mask.
Value lower_merge(std::string_view name, std::string_view op, Version version, Lowering& lowering, const Values& in);
Formula merge_reference(const Arrays& in, double (*merge)(double, double));

// The AND of the masks that are there; none when there is none. Keras 3.4 and later: the OR of all inputs' masks; none
// as soon as one input has none.
graph::Endpoint merged_mask(Lowering& lowering, const Values& in, Version version);

}  // namespace hoarfrost::keras
