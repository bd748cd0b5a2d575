#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensor.h>

namespace hoarfrost {

Shape Shape::unknown_rank() {
  Shape shape;
  shape.has_rank_ = false;
  return shape;
}

size_t Shape::normalized(int axis) const {
  const int from_first = axis < 0 ? axis + rank() : axis;
  if (from_first < 0 || from_first >= rank()) {
    throw Error(ErrorCode::kInvalidArgument, "", fmt::format("axis {} lies outside the shape {}", axis, to_string()));
  }
  return static_cast<size_t>(from_first);
}

bool Shape::is_static() const {
  if (!has_rank_) return false;
  for (const int64_t size : sizes_) {
    if (size < 0) return false;
  }
  return true;
}

int64_t Shape::n_elements() const {
  int64_t product = 1;
  for (const int64_t size : sizes_) {
    if (size < 0 || __builtin_mul_overflow(product, size, &product)) {
      throw Error(ErrorCode::kInvalidArgument, "", fmt::format("the shape {} has no number of elements", to_string()));
    }
  }
  if (!has_rank_) throw Error(ErrorCode::kInvalidArgument, "", "a shape of unknown rank has no number of elements");
  return product;
}

std::string Shape::to_string() const {
  if (!has_rank_) return "<unknown>";
  std::string text = "[";
  for (size_t i = 0; i < sizes_.size(); ++i) {
    if (i > 0) text += ", ";
    text += sizes_[i] < 0 ? "?" : std::to_string(sizes_[i]);
  }
  return text + "]";
}

Shape broadcast(const Shape& a, const Shape& b) {
  if (!a.has_rank() || !b.has_rank()) return Shape::unknown_rank();
  const int rank = std::max(a.rank(), b.rank());
  std::vector<int64_t> sizes(static_cast<size_t>(rank));
  for (int axis = 1; axis <= rank; ++axis) {
    const int64_t m = axis <= a.rank() ? a[-axis] : 1;
    const int64_t n = axis <= b.rank() ? b[-axis] : 1;
    if (m != n && m > 1 && n > 1) {
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("shapes {} and {} cannot be broadcast together", a.to_string(), b.to_string()));
    }
    const bool unknown = (m < 0 && n <= 1) || (n < 0 && m <= 1);
    sizes[static_cast<size_t>(rank - axis)] = unknown ? kUnknown : (m == 1 ? n : (n == 1 || n < 0) ? m : n);
  }
  return Shape(std::move(sizes));
}

}  // namespace hoarfrost
