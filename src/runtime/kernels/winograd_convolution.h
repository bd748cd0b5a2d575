// Winograd's convolution itself, of filters that are transformed already: what inference and training share.
#pragma once

#if defined(__x86_64__)
#include <algorithm>

#include "runtime/kernels/clamp.h"
#include "runtime/kernels/winograd_transforms.h"
#include "runtime/layout.h"

namespace hoarfrost::runtime::winograd {

constexpr int64_t kPanelVectors = 4;  // of output channels: with six rows they fill 24 of 32 registers with sums

inline int64_t ceil_divide(int64_t a, int64_t b) { return (a + b - 1) / b; }

struct Sizes {
  int64_t n_images, height, width, n_channels, out_height, out_width, n_out_channels;
  int64_t pad_top, pad_left;
  ChannelStrides in, out;

  [[nodiscard]] int64_t tile_rows() const { return ceil_divide(out_height, kTile); }
  [[nodiscard]] int64_t tile_columns() const { return ceil_divide(out_width, kTile); }
  [[nodiscard]] int64_t n_tiles() const { return n_images * tile_rows() * tile_columns(); }
  [[nodiscard]] int64_t padded_channels() const { return ceil_divide(n_channels, kVector) * kVector; }
  [[nodiscard]] int64_t n_panels() const { return ceil_divide(n_out_channels, kPanelVectors * kVector); }
  [[nodiscard]] int64_t panel_vectors(int64_t panel) const {
    return std::min(kPanelVectors, ceil_divide(n_out_channels, kVector) - panel * kPanelVectors);
  }
};

// What is done to a vector of outputs before it is written.
struct Epilogue {
  const float* bias;  // of all channels, padded to whole vectors
  bool has_addend;    // in the output's memory
  Clamp clamp;
};

// From one point to the next of n tiles of so many channels: a vector more, so that the points of a tile do not all
// fall into one set of the first cache.
inline int64_t point_stride(int64_t n_tiles, int64_t n_channels) { return n_tiles * n_channels + kVector; }

// Asks memory for part `part` of kPoints of what the tiles from `first` on, `n` of them, span of a value of so many
// floats an image: while a job multiplies, what the next one transforms comes to the second cache.
inline void fetch_tiles(const float* value, int64_t image, const Sizes& s, int64_t first, int64_t n, int64_t part) {
  constexpr int64_t kLine = 16;  // floats
  const int64_t per_image = s.tile_rows() * s.tile_columns(), last = std::min(first + n, s.n_tiles());
  if (first >= last) return;
  const int64_t begin = first * image / per_image, size = last * image / per_image - begin;
  for (int64_t i = size * part / kPoints; i < size * (part + 1) / kPoints; i += kLine)
    __builtin_prefetch(value + begin + i, 0, 2);
}

// For as many threads as OpenMP has when it is made.
class Convolution {
 public:
  explicit Convolution(const Sizes& sizes);
  [[nodiscard]] size_t scratchpad_bytes() const {
    return static_cast<size_t>(n_threads_ * n_thread_floats()) * sizeof(float);
  }
  // Floats of the transformed filter, panel by panel of output channels: [panel][point][C][16 * vectors of the panel].
  [[nodiscard]] int64_t n_filter_floats() const {
    return kPoints * s_.n_channels * ceil_divide(s_.n_out_channels, kVector) * kVector;
  }
  // By all threads; scratch: scratchpad_bytes().
  void run(const float* x, const float* u, float* y, float* scratch, const Epilogue& epilogue) const;
  // Some images, by the calling thread; scratch: n_thread_floats().
  void run_images(const float* x, const float* u, float* y, float* scratch, const Epilogue& epilogue, int64_t image,
                  int64_t n_images) const;
  [[nodiscard]] int64_t n_thread_floats() const;
  [[nodiscard]] const Sizes& sizes() const { return s_; }

 private:
  void run_job(const float* x, const float* u, float* y, float* scratch, const Epilogue& epilogue, int64_t first_panel,
               int64_t last_panel, int64_t first_tile, int64_t n_tiles) const;
  void multiply_panel(const float* v, const float* u, int64_t n_tiles, int64_t panel, float* m, const float* x,
                      int64_t next_tile) const;

  Sizes s_;
  int64_t n_threads_ = 1;
  int64_t n_parts_ = 1;      // of the panels: each is a job of its own
  int64_t n_blocks_ = 1;     // of the tiles
  int64_t n_job_tiles_ = 1;  // of a block
};

// Of one tile: the place of its first output.
struct TilePlace {
  int64_t image, y, x;
};
TilePlace place_of(const Sizes& s, int64_t tile);
// V of one tile's vector of channels: v[point * point_stride …].
void transform_patch(const float* image, const Sizes& s, const TilePlace& tile, int64_t vector, float* v,
                     int64_t point_stride);

}  // namespace hoarfrost::runtime::winograd
#endif
