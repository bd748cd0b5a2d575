#include "keras/axes.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::keras {

int axis_in(int64_t axis, int rank) {
  if (axis < -rank || axis >= rank)
    throw Error(ErrorCode::kMismatch, "", fmt::format("axis {} is none of {}", axis, rank));
  return static_cast<int>(axis < 0 ? axis + rank : axis);
}

std::vector<int64_t> axes_of(const std::optional<std::vector<int64_t>>& axes, const Shape& x) {
  std::vector<int64_t> result;
  for (int64_t axis = 0; !axes && axis < x.rank(); ++axis) result.push_back(axis);
  if (axes) {
    for (const int64_t axis : *axes) result.push_back(static_cast<int64_t>(x.normalized(static_cast<int>(axis))));
  }
  std::ranges::sort(result);
  return result;
}

Shape reduced_shape(const Shape& x, const std::vector<int64_t>& axes, bool keeps) {
  Shape result;
  for (int axis = 0; axis < x.rank(); ++axis) {
    const bool is_reduced = std::ranges::find(axes, axis) != axes.end();
    if (!is_reduced)
      result.push_back(x[axis]);
    else if (keeps)
      result.push_back(1);
  }
  return result;
}

double broadcast_element(const Array& x, const Index& o) {
  Index i;
  const int rank = x.shape().rank();
  for (int axis = 0; axis < rank; ++axis) i.push_back(x.size(axis) == 1 ? 0 : o[axis - rank]);
  return x[i];
}

}  // namespace hoarfrost::keras
