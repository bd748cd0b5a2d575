// An own Winograd convolution: 3x3, stride 1, for processors with AVX-512.
#pragma once

#include "ops/window.h"
#include "runtime/kernel.h"

namespace hoarfrost::runtime {

// The kernel for input and output in these layouts (row-major or nChw16c), or nullptr where it cannot do the operation:
// another window, groups, dilation, an activation other than relu's kin, or a processor without AVX-512.
//   input [N, H, W, C], filter [3, 3, C, K], output [N, H', W', K], float32
// Winograd's minimal filtering F(4x4, 3x3): Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015;
// interpolated at 0, ±5/8, ±3/2 and infinity, which lose less to rounding than their 0, ±1, ±2 (Barabasz et al., Error
// Analysis and Improving the Accuracy of Winograd Convolution for Deep Neural Networks, 2020).
std::unique_ptr<Kernel> make_winograd(const Operation& operation, const std::vector<ops::WindowAxis>& windows,
                                      const Layout& input, const Layout& output, const Site& site);

}  // namespace hoarfrost::runtime
