// Weights with their axes in another order: copies in memory, of any element type.
#pragma once

#include <hoarfrost/tensor.h>

#include <vector>

namespace hoarfrost::keras::legacy {

// NumPy's transpose: axis i of the result is axis order[i] of x. order must be a permutation of x's axes.
Tensor transposed(const Tensor& x, const std::vector<int>& order);
// The first n axes reversed: a convolution's kernel made a correlation's.
Tensor flipped(const Tensor& x, int n);
// NumPy's broadcast_to: along axes of one element, that one again and again. Ranks must be equal.
Tensor spread(const Tensor& x, const Shape& shape);
// Tensors of one type, equal but for the last axis, one after the other along it. Throws Error{kMismatch}.
Tensor joined(const std::vector<Tensor>& parts);

}  // namespace hoarfrost::keras::legacy
