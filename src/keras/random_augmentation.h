// What Keras' random preprocessing layers do at inference: the input in the layer's floating type, and nothing else.
#pragma once

#include "keras/identity.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

// Keras 2.15 casts (convert_inputs to the compute type) also when it does not augment.
inline Values lower_cast(DType dtype, Lowering& lowering, const Values& in) {
  if (in[0].dtype == dtype) return in;
  return {lowering.raw_op("Cast", "Cast", {in[0]}, dtype, {{"SrcT", in[0].dtype}, {"DstT", dtype}})};
}

}  // namespace hoarfrost::keras
