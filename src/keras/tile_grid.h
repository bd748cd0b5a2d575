// One axis of an image in n tiles of equal size, the last of which may reach beyond it: how Keras 3.15's
// ContrastLimitedAdaptiveHistogramEqualization divides an image, and between which tiles' middles a pixel lies.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace hoarfrost::keras {

class TileGrid {
 public:
  enum class Side { kBefore, kAfter };

  TileGrid(int64_t n_pixels, int64_t n_tiles)
      : n_pixels_(n_pixels), n_tiles_(n_tiles), size_((n_pixels + n_tiles - 1) / n_tiles) {}

  // Of a tile, in pixels.
  [[nodiscard]] int64_t size() const { return size_; }
  // How many pixels of the last tiles lie beyond the image, where it is mirrored.
  [[nodiscard]] int64_t padding() const { return size_ * n_tiles_ - n_pixels_; }

  // For each pixel, the padded ones too, its tile's number times `stride`.
  [[nodiscard]] std::vector<int64_t> tiles(int64_t stride) const {
    std::vector<int64_t> result;
    for (int64_t i = 0; i < size_ * n_tiles_; ++i) result.push_back(i / size_ * stride);
    return result;
  }
  // The image's pixels in a tile, mirrored where it reaches beyond.
  [[nodiscard]] std::vector<int64_t> pixels(int64_t tile) const {
    std::vector<int64_t> result;
    for (int64_t i = tile * size_; i < (tile + 1) * size_; ++i)
      result.push_back(i < n_pixels_ ? i : 2 * n_pixels_ - 1 - i);
    return result;
  }
  // For each pixel the tile whose middle is next before or after it, times `stride`; at the borders the outermost.
  [[nodiscard]] std::vector<int64_t> tables(Side side, int64_t stride) const {
    std::vector<int64_t> result;
    for (int64_t i = 0; i < n_pixels_; ++i) {
      const auto before = static_cast<int64_t>(std::floor(place(i))) - 1;
      result.push_back(std::clamp<int64_t>(side == Side::kBefore ? before : before + 1, 0, n_tiles_ - 1) * stride);
    }
    return result;
  }
  // How much of its table counts for each pixel, in float32 as Keras computes it.
  [[nodiscard]] std::vector<float> weights(Side side) const {
    std::vector<float> result;
    for (int64_t i = 0; i < n_pixels_; ++i) {
      const float after = place(i) - std::floor(place(i));
      result.push_back(side == Side::kAfter ? after : 1.0F - after);
    }
    return result;
  }

 private:
  // In tiles, 1 being the middle of the first.
  [[nodiscard]] float place(int64_t pixel) const {
    const auto size = static_cast<float>(size_);
    return (static_cast<float>(pixel) - size / 2.0F) / size + 1.0F;
  }

  int64_t n_pixels_;
  int64_t n_tiles_;
  int64_t size_;
};

}  // namespace hoarfrost::keras
