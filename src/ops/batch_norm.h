// What batch_norm.cpp and batch_norm_gradient.cpp share.
#pragma once

namespace hoarfrost::ops {

// FusedBatchNorm's epsilon where the node says none (TensorFlow 2.15's op registry).
constexpr float kDefaultEpsilon = 1e-4f;

}  // namespace hoarfrost::ops
