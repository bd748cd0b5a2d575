// What convolutions' kernels and the rules that fuse into them both know.
#pragma once

#include "ops/window.h"
#include "runtime/operation.h"

namespace hoarfrost::runtime {

// The windows of a channels-last convolution, with the paddings and dilations that rules gave it.
std::vector<ops::WindowAxis> convolution_windows(const Operation& operation, const Shape& input, const Shape& filter);

// Whether the kernel takes it: float32, channels last, weights constant, nothing empty.
bool is_convolution_of_constants(const Operation& operation, const OperationList& list);

}  // namespace hoarfrost::runtime
