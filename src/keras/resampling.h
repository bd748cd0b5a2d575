// How tf.image.resize samples one axis of an image: each output element as a weighted sum of input elements, its
// weights those of TensorFlow 2.15's and 2.20's kernels (positions and weights in float32, as theirs). Resizing runs
// along the rows and along the columns one after the other.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "keras/config.h"

namespace hoarfrost::keras {

// tf.image.ResizeMethod.
enum class Interpolation { kBilinear, kNearest, kBicubic, kArea, kLanczos3, kLanczos5, kGaussian, kMitchellCubic };

// Reads the key. Throws Error{kUnsupported} for another name, listing those known.
Interpolation parse_interpolation(const Config& config, std::string_view key, std::string_view fallback);

// One output element: weights of the input's elements from `first` on.
struct Samples {
  int64_t first = 0;
  std::vector<double> weights;
};

// For each of `out` elements over an axis of `in`. Sources: resize_bilinear_op.cc and resize_nearest_neighbor_op.cc
// with half-pixel centres; resize_bicubic_op.cc (Keys' cubic, a = -0.5, from a table of 1024 steps, weights outside the
// image 0 and the others scaled to 1); resize_area_op.cc; scale_and_translate_op.cc for the others, and for all but
// nearest and area with `antialias`, where the kernel is as wide as `in / out` when that is above 1.
std::vector<Samples> resampling(Interpolation interpolation, bool antialias, int64_t in, int64_t out);

}  // namespace hoarfrost::keras
