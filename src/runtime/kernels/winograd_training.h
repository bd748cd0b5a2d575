// Winograd's convolutions of 3x3, stride 1, whose filters change: forward and by input as in winograd.h, and by filter,
// where the output's gradient is the filter, F(3x3, 4x4) by the same points. For processors with AVX-512.
#pragma once

#include "ops/window.h"
#include "runtime/kernel.h"

namespace hoarfrost::runtime {

// Whether such a convolution gains by it: enough channels, and no groups; input and output channels-last, float32.
bool has_trained_winograd(const Shape& input, const Shape& filter, const std::vector<ops::WindowAxis>& windows);

// One direction between input [N, H, W, C], filter [3, 3, C, K] and output [N, H', W', K]. The value that is computed
// is the operation's first output. Values lie as oneDNN's blocks of channels where `is_blocked`, the filter always
// row-major.
struct TrainedWinograd {
  ValueId input, filter, output;
  std::vector<ops::WindowAxis> windows;
  bool is_blocked = true;
};
// With operation.bias_value and a relu; nullptr for another activation.
std::unique_ptr<Kernel> make_winograd_forward(const TrainedWinograd& what, const Operation& operation,
                                              const Site& site);
std::unique_ptr<Kernel> make_winograd_by_input(const TrainedWinograd& what, const Site& site);
// And by the bias, where the operation has a second output.
std::unique_ptr<Kernel> make_winograd_by_filter(const TrainedWinograd& what, const Operation& operation,
                                                const Site& site);

}  // namespace hoarfrost::runtime
