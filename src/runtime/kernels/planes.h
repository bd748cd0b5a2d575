// Values as own loops over channels see them, row-major or in blocks of channels.
#pragma once

#include <algorithm>

#include "runtime/layout.h"

namespace hoarfrost::runtime {

// `n_planes` planes of `n_pixels` pixels of `width` channels each, one after another; plane p holds the channels from
// p % n_blocks * width on. Channels behind the value's last fill its last block, and are zero.
struct Planes {
  int64_t n_planes = 1, n_pixels = 1, width = 1, n_blocks = 1;
  Layout layout;  // in which it is so

  [[nodiscard]] int64_t n_channels() const { return n_blocks * width; }  // those that fill the last block among them
  [[nodiscard]] int64_t n_elements() const { return n_planes * n_pixels * width; }
};

// The channels of a block, where the layout is of such blocks; 0 for row-major order and for every other layout.
inline int64_t block_width(const Shape& shape, const Layout& layout) {
  if (const auto tag = block_tag(shape, layout)) return *tag == dnnl::memory::format_tag::nChw16c ? 16 : 8;
  return std::max(channel_block(shape, layout), 0);
}

// The layout's planes, or row-major ones for a layout that is none of oneDNN's blocks of channels. Not for empty
// shapes.
inline Planes planes_of(const Shape& shape, const Layout& layout) {
  Planes result;
  result.layout = layout;
  const int64_t n_channels = shape.rank() == 0 ? 1 : shape.last();
  result.width = block_width(shape, layout);
  if (result.width == 0) {
    result.layout.reset();
    result.width = n_channels;
    result.n_pixels = shape.n_elements() / n_channels;
    return result;
  }
  result.n_blocks = (n_channels + result.width - 1) / result.width;
  result.n_planes = shape[0] * result.n_blocks;
  result.n_pixels = shape.n_elements() / shape[0] / n_channels;
  return result;
}

// The layout of blocks of `width` channels, 8 or 16, for a shape of rank 4 or 5; row-major order for a width of 0.
inline Layout blocks_of(const Shape& shape, int64_t width) {
  using Tag = dnnl::memory::format_tag;
  if (width == 0) return {};
  const Tag tag =
      shape.rank() == 4 ? (width == 16 ? Tag::nChw16c : Tag::nChw8c) : (width == 16 ? Tag::nCdhw16c : Tag::nCdhw8c);
  return canonical(shape, dnnl::memory::desc(dnnl_dims(shape), dnnl::memory::data_type::f32, tag));
}

// The planes in pieces that stay in the first cache, so that a piece can be walked twice.
struct Pieces {
  explicit Pieces(const Planes& planes)
      : size(std::clamp<int64_t>(kFloats / planes.width, 1, std::max<int64_t>(planes.n_pixels, 1))),
        per_plane((planes.n_pixels + size - 1) / size),
        n(planes.n_planes * per_plane) {}
  static constexpr int64_t kFloats = 4096;
  int64_t size, per_plane, n;  // pixels of a piece, pieces of a plane, and of all planes
};
struct Piece {
  int64_t first, n_pixels, channel;  // its first element, and the channel that it begins with
};
inline Piece piece_at(const Planes& planes, const Pieces& pieces, int64_t i) {
  const int64_t plane = i / pieces.per_plane, pixel = i % pieces.per_plane * pieces.size;
  return {(plane * planes.n_pixels + pixel) * planes.width, std::min(pieces.size, planes.n_pixels - pixel),
          plane % planes.n_blocks * planes.width};
}

}  // namespace hoarfrost::runtime
