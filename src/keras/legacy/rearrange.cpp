#include "keras/legacy/rearrange.h"

#include <hoarfrost/error.h>

#include <algorithm>
#include <cstring>
#include <numeric>

namespace hoarfrost::keras::legacy {
namespace {

// Element i of the result is that of x at source(i), for every i in row-major order of `shape`.
Tensor gathered(const Tensor& x, const Shape& shape, int64_t start, const std::vector<int64_t>& strides) {
  Tensor result(x.dtype(), shape);
  const size_t n_bytes = dtype_size(x.dtype());
  const std::byte* from = x.bytes().data();
  std::byte* to = result.mutable_bytes().data();
  std::vector<int64_t> position(strides.size(), 0);
  int64_t at = start;
  const int64_t n = shape.n_elements();
  for (int64_t i = 0; i < n; ++i, to += n_bytes) {
    std::memcpy(to, from + static_cast<size_t>(at) * n_bytes, n_bytes);
    for (size_t axis = strides.size(); axis-- > 0;) {
      at += strides[axis];
      if (++position[axis] < shape.sizes()[axis]) break;
      at -= strides[axis] * position[axis];
      position[axis] = 0;
    }
  }
  return result;
}

std::vector<int64_t> row_major(const Shape& shape) {
  std::vector<int64_t> strides(static_cast<size_t>(shape.rank()), 1);
  for (size_t axis = strides.size(); axis > 1; --axis) strides[axis - 2] = strides[axis - 1] * shape.sizes()[axis - 1];
  return strides;
}

}  // namespace

Tensor transposed(const Tensor& x, const std::vector<int>& order) {
  const std::vector<int64_t> of_x = row_major(x.shape());
  Shape shape;
  std::vector<int64_t> strides;
  for (const int axis : order) {
    shape.push_back(x.shape()[axis]);
    strides.push_back(of_x.at(static_cast<size_t>(axis)));
  }
  return gathered(x, shape, 0, strides);
}

Tensor flipped(const Tensor& x, int n) {
  std::vector<int64_t> strides = row_major(x.shape());
  int64_t start = 0;
  for (int axis = 0; axis < n && axis < x.shape().rank(); ++axis) {
    int64_t& stride = strides[static_cast<size_t>(axis)];
    start += stride * (x.shape()[axis] - 1);
    stride = -stride;
  }
  return x.n_elements() == 0 ? x : gathered(x, x.shape(), start, strides);
}

Tensor spread(const Tensor& x, const Shape& shape) {
  std::vector<int64_t> strides = row_major(x.shape());
  for (size_t axis = 0; axis < strides.size(); ++axis) {
    if (x.shape().sizes()[axis] == 1) strides[axis] = 0;
  }
  return gathered(x, shape, 0, strides);
}

Tensor joined(const std::vector<Tensor>& parts) {
  Shape shape = parts.at(0).shape();
  if (shape.rank() == 0) throw Error(ErrorCode::kMismatch, "", "expected a gate's weights, found a lone number");
  int64_t n_rows = 1;
  for (int axis = 0; axis + 1 < shape.rank(); ++axis) n_rows *= shape[axis];
  int64_t width = 0;
  for (const Tensor& part : parts) {
    Shape same = part.shape();
    if (same.rank() == shape.rank()) same[-1] = shape.last();
    if (same != shape || part.dtype() != parts[0].dtype())
      throw Error(ErrorCode::kMismatch, "",
                  "the gates' weights differ in shape: " + shape.to_string() + " and " + part.shape().to_string());
    width += part.shape().last();
  }
  shape[-1] = width;
  Tensor result(parts[0].dtype(), shape);
  std::byte* to = result.mutable_bytes().data();
  const size_t n_bytes = dtype_size(result.dtype());
  for (int64_t row = 0; row < n_rows; ++row) {
    for (const Tensor& part : parts) {
      const size_t n = static_cast<size_t>(part.shape().last()) * n_bytes;
      std::memcpy(to, part.bytes().data() + static_cast<size_t>(row) * n, n);
      to += n;
    }
  }
  return result;
}

}  // namespace hoarfrost::keras::legacy
