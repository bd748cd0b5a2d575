#include "ops/strided.h"

#include <cstring>

namespace hoarfrost::ops {
namespace {

template <size_t kBytes>
void copy_runs(std::byte* to, const View& to_view, const std::byte* from, const View& from_view, const Sizes& sizes) {
  for_each_run<2>(sizes, {to_view.strides, from_view.strides}, [&](const auto& offsets, const auto& steps, int64_t n) {
    std::byte* target = to + (to_view.offset + offsets[0]) * static_cast<int64_t>(kBytes);
    const std::byte* source = from + (from_view.offset + offsets[1]) * static_cast<int64_t>(kBytes);
    if (steps[0] == 1 && steps[1] == 1) {
      std::memcpy(target, source, static_cast<size_t>(n) * kBytes);
      return;
    }
    for (int64_t i = 0; i < n; ++i) {
      std::memcpy(target, source, kBytes);
      target += steps[0] * static_cast<int64_t>(kBytes);
      source += steps[1] * static_cast<int64_t>(kBytes);
    }
  });
}

}  // namespace

Sizes strides_of(const Shape& shape) {
  Sizes strides(static_cast<size_t>(shape.rank()), 1);
  for (size_t axis = strides.size(); axis-- > 1;) strides[axis - 1] = strides[axis] * shape.sizes()[axis];
  return strides;
}

Sizes broadcast_strides(const Shape& shape, const Shape& wider) {
  const Sizes own = strides_of(shape);
  Sizes strides(static_cast<size_t>(wider.rank()), 0);
  const size_t skipped = strides.size() - own.size();
  for (size_t axis = 0; axis < own.size(); ++axis) {
    if (shape.sizes()[axis] != 1) strides[skipped + axis] = own[axis];
  }
  return strides;
}

Shape broadcast_shapes(const Node& node, const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::unknown_rank();
  const int rank = std::max(a.rank(), b.rank());
  Shape result(Sizes(static_cast<size_t>(rank), 1));
  for (int axis = 1; axis <= rank; ++axis) {
    const int64_t m = axis <= a.rank() ? a[-axis] : 1;
    const int64_t n = axis <= b.rank() ? b[-axis] : 1;
    if (m != n && m >= 0 && n >= 0 && m != 1 && n != 1) {
      mismatch(node, "expected shapes that broadcast together, found {} and {}", a.to_string(), b.to_string());
    }
    result[-axis] = m == 1 ? n : n == 1 ? m : std::max(m, n);
  }
  return result;
}

void copy_view(Tensor& to, const View& to_view, const Tensor& from, const View& from_view, const Sizes& sizes) {
  std::byte* target = to.mutable_bytes().data();
  const std::byte* source = from.bytes().data();
  switch (dtype_size(to.dtype())) {
    case 1:
      return copy_runs<1>(target, to_view, source, from_view, sizes);
    case 2:
      return copy_runs<2>(target, to_view, source, from_view, sizes);
    case 4:
      return copy_runs<4>(target, to_view, source, from_view, sizes);
    case 8:
      return copy_runs<8>(target, to_view, source, from_view, sizes);
    case 16:
      return copy_runs<16>(target, to_view, source, from_view, sizes);
    default:
      throw Error(ErrorCode::kUnsupported, "", fmt::format("{} values cannot be moved", dtype_name(to.dtype())));
  }
}

}  // namespace hoarfrost::ops
