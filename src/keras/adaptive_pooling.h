// What AdaptiveAveragePooling1D–3D and AdaptiveMaxPooling1D–3D share: [batch, space…, channels] pooled to a given
// number of elements along each axis of space. Element i of n covers the input's from floor(i · size / n) to ceil((i +
// 1) · size / n) − 1 (Keras 3.15 over TensorFlow, backend/tensorflow/nn.py: positions in float32).
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct AdaptivePooling {
  std::vector<int64_t> output_size;
  bool is_max = false;
};

AdaptivePooling parse_adaptive_pooling(const Config& config, size_t rank, bool is_max);
// Throws Error{kMismatch} for another rank, and where a size but the batch's is unknown.
Shapes infer_adaptive_pooling(const AdaptivePooling& pooling, const Shapes& in);
// One axis after the other: a product with the windows' matrix, or the largest of the windows' elements.
Values lower_adaptive_pooling(const AdaptivePooling& pooling, Lowering& lowering, const Values& in);
Formulas adaptive_pooling_reference(const AdaptivePooling& pooling, const Arrays& in);

}  // namespace hoarfrost::keras
