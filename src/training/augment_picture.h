// One picture, changed at random.
#pragma once

#include <hoarfrost/examples.h>

#include <cstdint>
#include <vector>

namespace hoarfrost::training {

// What is done to one picture: Keras' transform_parameters.
struct PictureChange {
  double theta = 0;  // degrees
  double tx = 0;     // pixels, along the width
  double ty = 0;     // pixels, along the height
  double shear = 0;  // degrees
  double zx = 1;     // along the width
  double zy = 1;     // along the height
  bool flips_horizontally = false;
  bool flips_vertically = false;
  double channel_shift = 0;
  bool has_brightness = false;
  double brightness = 1;
};

struct PictureSize {
  int64_t height = 0;
  int64_t width = 0;
  int64_t channels = 0;
  [[nodiscard]] int64_t n_values() const { return height * width * channels; }
};

// Drawn as Keras' get_random_transform draws (Keras 2.15): what comes depends on seed and row alone.
PictureChange draw_change(const Augmentation& augmentation, const PictureSize& size, uint64_t seed, int64_t row);

// pixels: [height, width, channels], changed in place; `spare` is memory of the thread's own.
void change_picture(const Augmentation& augmentation, const PictureChange& change, const PictureSize& size,
                    float* pixels, std::vector<float>& spare);

}  // namespace hoarfrost::training
