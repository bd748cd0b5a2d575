// What convolutions' kernels and the rules that fuse into them both know.
#pragma once

#include "ops/window.h"
#include "runtime/layout.h"
#include "runtime/operation.h"

namespace hoarfrost::runtime {

// The windows of a channels-last convolution, with the paddings and dilations that rules gave it.
std::vector<ops::WindowAxis> convolution_windows(const Operation& operation, const Shape& input, const Shape& filter);

// A convolution as oneDNN is told of it; the descriptors are of the values as they lie in TensorFlow.
struct Convolution {
  dnnl::memory::desc source, weights, target;
  Dims strides, dilations, paddings_before, paddings_after;
  int64_t n_groups = 1;
};
Convolution describe_convolution(const Shape& input, const Shape& filter, const Shape& output, bool is_depthwise,
                                 const std::vector<ops::WindowAxis>& windows);

// The channel block of this processor's kernels, for 4 or 5 dimensions.
dnnl::memory::format_tag own_block_tag(int n_dims);

// A first layer's few channels do not fill a block: oneDNN's kernels read them one by one.
constexpr int64_t kFewChannels = 4;

// Whether the kernel takes it: float32, channels last, weights constant, nothing empty.
bool is_convolution_of_constants(const Operation& operation, const OperationList& list);

// Whether the kernels of training take it, forward or as a gradient: float32, channels last, nothing empty.
bool is_trained_convolution(const Operation& operation, const OperationList& list);

}  // namespace hoarfrost::runtime
