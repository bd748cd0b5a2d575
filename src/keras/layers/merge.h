// What the layers that merge several inputs share. Keras 2.15: base_merge.py.
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

// The shape with ones after the batch axis until it has `rank` axes, as Keras expands the inputs of lower rank.
Shape expanded_after_batch(const Shape& shape, int rank);

// The AND of the masks that are there; none when there is none. Keras 3 gives none as soon as one input has none.
graph::Endpoint merged_mask(Lowering& lowering, const Values& in, Version version);

}  // namespace hoarfrost::keras
