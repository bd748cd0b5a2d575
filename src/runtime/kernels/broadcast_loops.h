// Elementwise loops over values of any types that broadcast together as NumPy's do: run by run along the innermost
// axis, the outermost divided among the threads.
#pragma once

#include "ops/strided.h"
#include "runtime/parallel.h"

namespace hoarfrost::runtime {

template <size_t K>
class BroadcastLoops {
 public:
  // Of K operands that broadcast to `output`; n_bytes: what one run over all of it touches.
  BroadcastLoops(const Shape& output, const std::array<Shape, K>& shapes, int64_t n_bytes) : n_bytes_(n_bytes) {
    std::array<ops::Sizes, K> strides;
    for (size_t k = 0; k < K; ++k) strides[k] = ops::broadcast_strides(shapes[k], output);
    walk_ = ops::merged_axes<K>(output.sizes(), strides);
    for (size_t axis = 1; axis < walk_.sizes.size(); ++axis) n_inner_ *= walk_.sizes[axis];
  }

  // Calls f(place in the output, places in the operands, their steps, n) for each run, by all threads.
  template <typename F>
  void for_each_run(F&& f) const {
    parallel_parts(walk_.sizes[0], n_bytes_, [&](int64_t first, int64_t last) {
      ops::Sizes sizes = walk_.sizes;
      sizes[0] = last - first;
      std::array<int64_t, K> base{};
      for (size_t k = 0; k < K; ++k) base[k] = first * walk_.strides[k][0];
      int64_t out = first * n_inner_;
      ops::for_each_run<K>(sizes, walk_.strides, [&](const auto& offsets, const auto& steps, int64_t n) {
        std::array<int64_t, K> places;
        for (size_t k = 0; k < K; ++k) places[k] = base[k] + offsets[k];
        f(out, places, steps, n);
        out += n;
      });
    });
  }

 private:
  ops::Walk<K> walk_;
  int64_t n_inner_ = 1;
  int64_t n_bytes_;
};

}  // namespace hoarfrost::runtime
