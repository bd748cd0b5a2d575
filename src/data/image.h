// Encoded pictures: JPEG, PNG and BMP, decoded to the very pixels that Keras' image_dataset_from_directory sees.
#pragma once

#include <span>
#include <string>

#include "data/resize.h"

namespace hoarfrost::data {

// The extensions that Keras 2.15 takes for pictures: .bmp .gif .jpeg .jpg .png, in any case.
bool is_image_name(std::string_view name);
// Whether the bytes begin as a picture of a kind that decode_image reads.
bool is_image(std::span<const std::byte> bytes);

// n_channels is 1 (grey) or 3 (RGB). The kind is found by the first bytes, as tf.io.decode_image does; alpha is
// dropped, 16 bits become the upper 8, EXIF's orientation is not looked at. Throws Error{kCorrupt} for a picture that
// is damaged or cut short, Error{kUnsupported} for another kind or one of more than 64 million pixels; `where` begins
// the text.
Picture decode_image(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where);

Picture decode_jpeg(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where);
Picture decode_png(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where);
Picture decode_bmp(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where);

// A picture of that size with room for its pixels. Throws Error{kUnsupported} for more than 64 million of them.
Picture make_picture(uint64_t height, uint64_t width, int64_t n_channels, const std::string& where);

}  // namespace hoarfrost::data
