// Sums over pixels, channel by channel: of a short run of pixels in float32, for own kernels that join them in double.
// Each gives one sum for each of `width` channels; pixels follow each other.
#pragma once

#include <cstdint>

namespace hoarfrost::runtime {

void sum_channels(const float* x, int64_t n_pixels, int64_t width, float* sums);
// Σ (x − mean)²
void sum_squares_about(const float* x, const float* mean, int64_t n_pixels, int64_t width, float* sums);
// Σ dy · (x − mean)
void sum_products_about(const float* dy, const float* x, const float* mean, int64_t n_pixels, int64_t width,
                        float* sums);

}  // namespace hoarfrost::runtime
