// The rows of windows of a value's planes, as a BatchNormalization in training with its MaxPool walks them, and the
// passes of both directions.
#pragma once

#include "runtime/kernels/batch_statistics.h"
#include "runtime/kernels/planes.h"
#include "runtime/kernels/pool_windows.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

struct WindowRows {
  Planes planes;
  int64_t n_per_plane, n_row;  // windows' rows; floats of a row of pixels

  [[nodiscard]] int64_t n() const { return planes.n_elements() / (2 * n_row); }
  [[nodiscard]] int64_t channel(int64_t i) const { return i / n_per_plane % planes.n_blocks * planes.width; }
  [[nodiscard]] int64_t first_of_x(int64_t i) const { return i * 2 * n_row; }
  [[nodiscard]] int64_t first_of_y(int64_t i) const { return i * n_row / 2; }
  [[nodiscard]] WindowRow at(int64_t i, const float* x) const {
    return {x + first_of_x(i), n_row, n_row / planes.width / 2, planes.width};
  }
};

inline WindowRows window_rows(const Shape& shape, const Planes& planes) {
  return {planes, shape[1] / 2, shape[2] * planes.width};
}

// Normalizes rows `first` to `last` and pools them.
inline void pool_rows(const WindowRows& rows, int64_t first, int64_t last, const float* x, const BatchStatistics& s,
                      float* y, uint8_t* places) {
  for (int64_t i = last; i-- > first;) {  // from the end: what was read last is still in a cache
    const int64_t c = rows.channel(i), to = rows.first_of_y(i);
    pool_row(rows.at(i, x), {s.mean.data() + c, s.slope.data() + c, s.start.data() + c}, y + to, places + to);
  }
}

// Σ dy and Σ dy · (x − mean) of all rows, to g's totals.
inline void add_rows(const WindowRows& rows, const float* dy, const float* x, const uint8_t* places, BatchGradient& g) {
  parallel_parts_numbered(rows.n(), [&](int64_t thread, int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) {
      const int64_t c = rows.channel(i), from = rows.first_of_y(i);
      add_row(rows.at(i, x), dy + from, places + from, g.mean.data() + c, g.totals(thread) + c,
              g.totals(thread) + g.mean.size() + c);
    }
  });
}

// The gradient of rows `first` to `last`, of which dx is the first: from the end, for what was read last is still in a
// cache. 0 where x is not above `least`.
inline void differentiate_rows(const WindowRows& rows, int64_t first, int64_t last, const float* dy, const float* x,
                               const uint8_t* places, const BatchGradient& g, float least, float* dx) {
  for (int64_t i = last; i-- > first;) {
    const int64_t c = rows.channel(i), from = rows.first_of_y(i);
    const GradientTerms terms{g.mean.data() + c, g.by_dy.data() + c, g.by_x.data() + c, g.shift.data() + c, least};
    differentiate_row(rows.at(i, x), dy + from, places + from, terms, dx + rows.first_of_x(i) - rows.first_of_x(first));
  }
}

}  // namespace hoarfrost::runtime
