// What SeparableConv1D and SeparableConv2D share: a depthwise convolution, then a 1×1 one that mixes its channels.
#pragma once

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/window.h"

namespace hoarfrost::keras {

struct SeparableConvolution {
  int64_t filters = 0;
  Window window;
  int64_t depth_multiplier = 1;
  bool use_bias = true;
  Activation activation;
};

SeparableConvolution parse_separable(const Config& config, size_t rank);
// [batch, space…, channels] -> [batch, space…, filters]
Shapes infer_separable(const SeparableConvolution& c, const Shapes& in);
// depthwise_kernel [window…, channels, multiplier], pointwise_kernel [1…, channels · multiplier, filters], bias
// [filters]
std::vector<WeightSpec> separable_weights(const SeparableConvolution& c, const Shapes& in);
Values lower_separable(const SeparableConvolution& c, Lowering& lowering, const Values& in);
Formulas separable_reference(const SeparableConvolution& c, const Arrays& weights, const Arrays& in);

}  // namespace hoarfrost::keras
