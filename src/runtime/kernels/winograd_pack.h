// Filters that change, transformed for Winograd's convolution each time.
#pragma once

#if defined(__x86_64__)
#include "runtime/kernels/winograd_convolution.h"

namespace hoarfrost::runtime::winograd {

// How a filter [3, 3, C, K] is read: element (r, s) of what leads from channel i to channel o is
// data[first + r * row + s * column + i * in + o * out].
struct FilterOrder {
  int64_t first, row, column, in, out;
};

// Of a convolution from C to K channels.
inline FilterOrder forward_order(int64_t c, int64_t k) { return {0, 3 * c * k, c * k, k, 1}; }
// Of the output's gradient convolved with the filter turned about, from K channels to C.
inline FilterOrder by_input_order(int64_t c, int64_t k) { return {8 * c * k, -3 * c * k, -c * k, 1, k}; }

// U, as Convolution reads it: n_filter_floats() of them. By all threads.
void pack_filter(const float* filter, const FilterOrder& order, const Convolution& convolution, float* u);

}  // namespace hoarfrost::runtime::winograd
#endif
