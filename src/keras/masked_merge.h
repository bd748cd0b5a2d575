// Multiply, Maximum and Minimum of masked inputs as Keras 3.4 and later have them: a step that an input's mask leaves
// out is left out of that input, and a step that all masks leave out is zero in a product. Keras 3.15:
// layers/merging/base_merge.py and multiply.py. (Keras before takes the values as they are.)
#pragma once

#include "keras/layer.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

// Which of those: "Mul", "Maximum", "Minimum".
using MergeOp = std::string_view;

// Whether the values of such inputs hang on their masks.
bool merges_by_masks(Version version, const Values& in);
// Throws Error{kUnsupported} for inputs that are no sequences of vectors, and for several shapes.
Value lower_masked_merge(MergeOp op, Lowering& lowering, const Values& in);

// As merge_reference, of the inputs' masks too where the Keras of that version asks them.
Formula masked_merge_reference(MergeOp op, Version version, const Arrays& in);

}  // namespace hoarfrost::keras
