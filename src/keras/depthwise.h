// Depthwise convolutions: each input channel with kernels of its own. Shared by DepthwiseConv1D/2D and
// SeparableConv1D/2D.
#pragma once

#include <string_view>

#include "keras/lowering.h"
#include "keras/window.h"

namespace hoarfrost::keras {

// One DepthwiseConv2dNative of x [batch, rows, columns, channels] with kernel [rows, columns, channels, multiplier].
// That op takes equal strides only: unequal ones slide by 1 and keep the wanted rows and columns.
Value lower_depthwise(Lowering& lowering, std::string_view name, const Value& x, const Value& kernel,
                      const Window& window);
// A window over one axis as one over the single row of an image; on one row any stride is the same, TensorFlow wants
// equal ones.
Window as_row(const Window& window);

// Element `out` (its channel is channel · multiplier + k) of the depthwise convolution.
double depthwise_element(const Window& window, const Array& kernel, const Array& x, const Index& out);

}  // namespace hoarfrost::keras
