// Pictures changed at random while training, named and defined as Keras' ImageDataGenerator has them (Keras 2.15,
// keras/src/preprocessing/image.py: get_random_transform, apply_transform, apply_affine_transform).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::training {

// What lies outside a picture, as scipy.ndimage calls it: a|abcd|d, k|abcd|k, abcd|dcba (its `reflect`), abcd|abcd.
enum class FillMode { kNearest, kConstant, kReflect, kWrap };
// "nearest"; the reverse throws Error{kInvalidArgument}, listing all.
std::string_view fill_mode_name(FillMode mode);
FillMode fill_mode_from_name(std::string_view name);

// All 0 and false: nothing is changed.
struct Augmentation {
  double rotation_range = 0;                       // degrees: of [-range, range]
  double width_shift_range = 0;                    // below 1: a fraction of the width, else pixels: of [-range, range]
  double height_shift_range = 0;                   // likewise
  double shear_range = 0;                          // degrees
  double zoom_low = 1, zoom_high = 1;              // Keras' zoom_range: one number z is [1 - z, 1 + z]
  double brightness_low = 1, brightness_high = 1;  // brightness_range
  double channel_shift_range = 0;                  // added to all channels: of [-range, range]
  bool horizontal_flip = false;
  bool vertical_flip = false;
  FillMode fill_mode = FillMode::kNearest;
  double cval = 0;  // outside, for FillMode::kConstant

  bool operator==(const Augmentation&) const = default;
  [[nodiscard]] bool is_none() const;
  // For people: "rotation_range 15, horizontal_flip".
  [[nodiscard]] std::string to_string() const;
};

}  // namespace hoarfrost::training
