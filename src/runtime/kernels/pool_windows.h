// Rows of windows of two by two pixels, as a BatchNormalization in training with a MaxPool behind it walks them. The
// first of equal maxima takes the gradient, as in TensorFlow; a NaN is a maximum.
#pragma once

#include <cstdint>

namespace hoarfrost::runtime {

// `top` is the first pixel of the upper row, the lower one lies n_row floats behind it; pixels are `width` channels.
struct WindowRow {
  const float* top;
  int64_t n_row, n_windows, width;
};

// (x − mean) · slope + start of a channel.
struct Normalization {
  const float *mean, *slope, *start;
};
// Of each window and channel the largest of the normalized values, and which it is: 0 to 3, row by row.
void pool_row(const WindowRow& row, const Normalization& by, float* y, uint8_t* places);

// Adds Σ dy, and Σ dy · (x − mean) with the x of the maxima, to sums and products.
void add_row(const WindowRow& row, const float* dy, const uint8_t* places, const float* mean, double* sums,
             double* products);

// by_x · (x − mean) + shift of each pixel, and by_dy · dy more for the maximum; 0 where x is not above `least` (a NaN:
// nowhere).
struct GradientTerms {
  const float *mean, *by_dy, *by_x, *shift;
  float least;
};
// dx is laid out as x.
void differentiate_row(const WindowRow& row, const float* dy, const uint8_t* places, const GradientTerms& terms,
                       float* dx);

}  // namespace hoarfrost::runtime
