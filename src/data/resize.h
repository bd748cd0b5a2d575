// tf.image.resize, as TensorFlow 2.15 computes it with antialias=False and half-pixel centres; a picture's crops.
#pragma once

#include <hoarfrost/preprocessing.h>

#include <cstdint>
#include <vector>

namespace hoarfrost::data {

// Channels last: pixels[(y * width + x) * channels + c].
template <typename T>
struct Pixels {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  std::vector<T> values;

  [[nodiscard]] Extent extent() const { return {height, width}; }
};
using Picture = Pixels<uint8_t>;

// float32, as tf.image.resize gives for every method but `nearest`, which keeps the values as they are.
template <typename T>
Pixels<float> resize(const Pixels<T>& picture, const Extent& size, Interpolation interpolation);

// The part of that size about the middle, `(side - size) / 2` rounded down from the top and the left. size must fit.
template <typename T>
Pixels<T> crop_middle(const Pixels<T>& picture, const Extent& size);

// The largest part of a picture with the aspect ratio of `size`: keras.preprocessing.image.smart_resize (Keras 2.15).
Extent part_of_aspect_ratio(const Extent& picture, const Extent& size);

}  // namespace hoarfrost::data
