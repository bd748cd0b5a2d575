// What Conv1DTranspose, Conv2DTranspose and Conv3DTranspose share: the gradient of a convolution with respect to its
// input.
#pragma once

#include <optional>
#include <string_view>

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/window.h"

namespace hoarfrost::keras {

struct TransposedConvolution {
  int64_t filters = 0;
  Window window;
  std::optional<std::vector<int64_t>> output_padding;
  std::vector<int64_t> output_size;  // Keras 1's Deconvolution2D says the space that comes out; empty otherwise
  bool use_bias = true;
  Activation activation;
};

TransposedConvolution parse_transposed(const Config& config, size_t rank);
// [batch, space…, channels] -> [batch, space'…, filters]; space' by Keras' deconv_output_length.
Shapes infer_transposed(const TransposedConvolution& c, const Shapes& in);
// kernel [window…, filters, channels], bias [filters]
std::vector<WeightSpec> transposed_weights(const TransposedConvolution& c, const Shapes& in);
// name is that of tf.keras' node: "conv2d_transpose".
Values lower_transposed(const TransposedConvolution& c, std::string_view name, Lowering& lowering, const Values& in);
// Element o gets x[i] · kernel[k] for every i and k with i · stride + k · dilation - padding = o.
Formulas transposed_reference(const TransposedConvolution& c, const Arrays& weights, const Arrays& in);

}  // namespace hoarfrost::keras
