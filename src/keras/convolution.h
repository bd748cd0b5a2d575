// What Conv1D, Conv2D and Conv3D share, and pieces of it that other convolutions use.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "keras/activations.h"
#include "keras/lowering.h"
#include "keras/window.h"

namespace hoarfrost::keras {

struct Convolution {
  int64_t filters = 0;
  Window window;
  int64_t groups = 1;
  bool use_bias = true;
  Activation activation;
};

Convolution parse_convolution(const Config& config, size_t rank);
// [batch, space…, channels] -> [batch, space…, filters]
Shapes infer_convolution(const Convolution& c, const Shapes& in);
// kernel [window…, channels / groups, filters], bias [filters]
std::vector<WeightSpec> convolution_weights(const Convolution& c, const Shapes& in);
// name is that of tf.keras' convolution node: "Conv2D".
Values lower_convolution(const Convolution& c, std::string_view name, Lowering& lowering, const Values& in);
// Σ over the window's cells and the group's channels of x · kernel, plus the bias.
Formulas convolution_reference(const Convolution& c, const Arrays& weights, const Arrays& in);

// `slide` under a dilated window: SpaceToBatchND, the VALID operation, BatchToSpaceND (tf.nn.with_space_to_batch);
// OpenCV reads Conv2D's own `dilations` silently wrong. An undilated window is slid as it is. The operation gets the
// padding to use. Throws Error{kUnsupported} when a dilated axis has no known size.
using Operation = std::function<Value(const Value& x, const std::string& padding)>;
Value lower_dilated(Lowering& lowering, std::string_view name, const Value& x, const Window& window,
                    const Operation& operation);

// One convolution node; on one spatial axis ExpandDims, Conv2D and Squeeze.
Value lower_conv(Lowering& lowering, std::string_view name, const Value& x, const Value& kernel,
                 const std::vector<int64_t>& strides, const std::string& padding);
// What stands around x for causal padding and Theano's, after which the window slides VALID: zeros, or `value`. x
// itself for others.
Value pad_ahead(Lowering& lowering, const Value& x, const Window& window, std::optional<float> value = {});
Value expand_dims(Lowering& lowering, std::string_view name, const Value& x, int64_t axis);
Value squeeze(Lowering& lowering, std::string_view name, const Value& x, int64_t axis);
Value bias_add(Lowering& lowering, const Value& x, const Value& bias);
// [rows, 2] int32, as TensorFlow takes paddings and crops.
Tensor pairs(const std::vector<std::pair<int64_t, int64_t>>& rows);

}  // namespace hoarfrost::keras
