// BatchNormalization's mode 1 of Keras 0.x and 1: gamma · (x − mean) / (deviation + epsilon) + beta, where mean and
// deviation are each example's own along the last axis. From Keras 1.0.5 on the deviation is sqrt(variance + epsilon),
// before it sqrt(variance).
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct SampleNormalization {
  double epsilon = 1e-3;
  bool adds_to_variance = true;
};

Value lower_sample_normalization(const SampleNormalization& normalization, Lowering& lowering, const Value& x,
                                 const Value& gamma, const Value& beta);
// weights: gamma and beta, one for each element of x's last axis.
Formula sample_normalization_reference(const SampleNormalization& normalization, const Arrays& weights, const Array& x);

}  // namespace hoarfrost::keras
