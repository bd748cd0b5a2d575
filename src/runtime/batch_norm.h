// BatchNormalization as the multiply-add that it is at inference.
#pragma once

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// gamma / sqrt(variance + epsilon) and beta - mean * that, in double, of a FusedBatchNorm, V2 or V3 whose four inputs
// are constants and whose channels are last; nullopt for any other operation. TensorFlow 2.15's fused_batch_norm_op.cc.
std::optional<Affine> affine_of_batch_norm(const Operation& operation, const OperationList& list);

}  // namespace hoarfrost::runtime
