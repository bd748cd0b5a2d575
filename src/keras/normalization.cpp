#include "keras/normalization.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::keras {

std::vector<int64_t> normalized_axes(const std::vector<int64_t>& axes, const Shape& x) {
  std::vector<int64_t> result;
  for (const int64_t axis : axes) {
    if (axis < -x.rank() || axis >= x.rank()) {
      throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of {}", axis, x.to_string()));
    }
    result.push_back(axis < 0 ? axis + x.rank() : axis);
  }
  std::ranges::sort(result);
  if (std::ranges::adjacent_find(result) != result.end()) {
    throw Error(ErrorCode::kMismatch, "", "an axis is named twice, expected each once");
  }
  for (const int64_t axis : result) {
    if (axis == 0 || x[static_cast<int>(axis)] == kUnknown) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("cannot normalise axis {} of {}: its size must be known; give --input-shape", axis,
                              x.to_string()));
    }
  }
  return result;
}

Shape sizes_along(const std::vector<int64_t>& axes, const Shape& x) {
  Shape result;
  for (const int64_t axis : axes) result.push_back(x[static_cast<int>(axis)]);
  return result;
}

Shape broadcast_along(const std::vector<int64_t>& axes, const Shape& x) {
  Shape result(std::vector<int64_t>(static_cast<size_t>(x.rank()), 1));
  for (const int64_t axis : axes) result[static_cast<int>(axis)] = x[static_cast<int>(axis)];
  return result;
}

bool are_last(const std::vector<int64_t>& axes, const Shape& x) {
  for (size_t i = 0; i < axes.size(); ++i) {
    if (axes[i] != x.rank() - static_cast<int64_t>(axes.size() - i)) return false;
  }
  return true;
}

Value lower_reduction(Lowering& lowering, std::string_view name, std::string_view op, const Value& x,
                      const std::vector<int64_t>& axes) {
  return lowering.named_op(name, op, {x, lowering.ints(fmt::format("{}/reduction_indices", name), axes)},
                           {{"keep_dims", true}, {"Tidx", DType::kInt32}});
}

Moments lower_moments(Lowering& lowering, const Value& x, const std::vector<int64_t>& axes) {
  const Value mean = lower_reduction(lowering, "moments/mean", "Mean", x, axes);
  const Value squares = lowering.named_op("moments/SquaredDifference", "SquaredDifference", {x, mean});
  return {mean, lower_reduction(lowering, "moments/variance", "Mean", squares, axes)};
}

Value lower_affine(Lowering& lowering, const Value& x, const Moments& moments, const Value& gamma, const Value& beta,
                   double epsilon) {
  const Value shifted = lowering.named_op(
      "batchnorm/add", "Add", {moments.variance, lowering.scalar("batchnorm/add/y", epsilon, moments.variance)});
  Value scale = lowering.named_op("batchnorm/Rsqrt", "Rsqrt", {shifted});
  if (gamma.tensor) scale = lowering.named_op("batchnorm/mul", "Mul", {scale, gamma});
  const Value scaled = lowering.named_op("batchnorm/mul_1", "Mul", {x, scale});
  const Value negated = beta.tensor ? moments.mean : lowering.named_op("batchnorm/Neg", "Neg", {moments.mean});
  Value offset = lowering.named_op("batchnorm/mul_2", "Mul", {negated, scale});
  if (beta.tensor) offset = lowering.named_op("batchnorm/sub", "Sub", {beta, offset});
  return lowering.named_op("batchnorm/add_1", "Add", {scaled, offset});
}

int64_t offset_along(const std::vector<int64_t>& axes, const Shape& shape, const Index& o) {
  int64_t offset = 0;
  for (const int64_t axis : axes) offset = offset * shape[static_cast<int>(axis)] + o[static_cast<int>(axis)];
  return offset;
}

}  // namespace hoarfrost::keras
