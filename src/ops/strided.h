// Walking tensors by strides: broadcasting, transposing, slicing and tiling are all such walks.
#pragma once

#include <array>

#include "ops/known.h"

namespace hoarfrost::ops {

using Sizes = std::vector<int64_t>;

// Row-major strides, in elements.
Sizes strides_of(const Shape& shape);
// The strides of `shape` seen at the axes of `wider`, which it broadcasts to: 0 where it repeats.
Sizes broadcast_strides(const Shape& shape, const Shape& wider);
// NumPy's broadcasting as TensorFlow does it. Throws Error{kMismatch} naming the node when the shapes do not meet.
Shape broadcast_shapes(const Node& node, const Shape& a, const Shape& b);

// A part of a tensor: where it begins and how far it is to the next element along each axis, in elements.
struct View {
  int64_t offset = 0;
  Sizes strides;
};

// to[to_view] = from[from_view] over an index space of these sizes. The types are the same, of any fixed size.
void copy_view(Tensor& to, const View& to_view, const Tensor& from, const View& from_view, const Sizes& sizes);

// Axes of one walk over K operands, merged where every operand is contiguous across two of them.
template <size_t K>
struct Walk {
  Sizes sizes;
  std::array<Sizes, K> strides;
};
template <size_t K>
Walk<K> merged_axes(const Sizes& sizes, const std::array<Sizes, K>& strides) {
  Walk<K> walk;
  for (size_t axis = 0; axis < sizes.size(); ++axis) {
    if (sizes[axis] == 1) continue;
    bool joins = !walk.sizes.empty();
    for (size_t k = 0; joins && k < K; ++k) joins = walk.strides[k].back() == strides[k][axis] * sizes[axis];
    if (joins) {
      walk.sizes.back() *= sizes[axis];
      for (size_t k = 0; k < K; ++k) walk.strides[k].back() = strides[k][axis];
    } else {
      walk.sizes.push_back(sizes[axis]);
      for (size_t k = 0; k < K; ++k) walk.strides[k].push_back(strides[k][axis]);
    }
  }
  if (walk.sizes.empty()) {
    walk.sizes.push_back(1);
    for (size_t k = 0; k < K; ++k) walk.strides[k].push_back(0);
  }
  return walk;
}

// Calls f(offsets, steps, n) for each run along the innermost axis, in row-major order: element i of operand k lies at
// offsets[k] + i * steps[k].
template <size_t K, typename F>
void for_each_run(const Sizes& sizes, const std::array<Sizes, K>& strides, F&& f) {
  for (const int64_t size : sizes) {
    if (size == 0) return;
  }
  const Walk<K> walk = merged_axes<K>(sizes, strides);
  const size_t last = walk.sizes.size() - 1;
  std::array<int64_t, K> offsets{};
  std::array<int64_t, K> steps{};
  for (size_t k = 0; k < K; ++k) steps[k] = walk.strides[k][last];
  Sizes index(walk.sizes.size(), 0);
  while (true) {
    f(offsets, steps, walk.sizes[last]);
    size_t axis = last;
    while (axis-- > 0) {
      for (size_t k = 0; k < K; ++k) offsets[k] += walk.strides[k][axis];
      if (++index[axis] < walk.sizes[axis]) break;
      for (size_t k = 0; k < K; ++k) offsets[k] -= walk.strides[k][axis] * walk.sizes[axis];
      index[axis] = 0;
    }
    if (axis == static_cast<size_t>(-1)) return;
  }
}

// out[i] = f(a[i * step_a], b[i * step_b]) for i < n, the commonest steps as loops of their own that vectorize. Returns
// out + n.
template <typename R, typename A, typename B, typename F>
R* zip_run(R* out, int64_t n, const A* a, int64_t step_a, const B* b, int64_t step_b, F f) {
  if (step_a == 1 && step_b == 1) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<R>(f(a[i], b[i]));
  } else if (step_a == 1 && step_b == 0) {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<R>(f(a[i], *b));
  } else {
    for (int64_t i = 0; i < n; ++i) out[i] = static_cast<R>(f(a[i * step_a], b[i * step_b]));
  }
  return out + n;
}

}  // namespace hoarfrost::ops
