#include "keras/formula.h"

namespace hoarfrost::keras {

int64_t Index::offset(const Shape& shape) const {
  int64_t offset = 0;
  for (int axis = 0; axis < rank_; ++axis) offset = offset * shape.sizes()[static_cast<size_t>(axis)] + (*this)[axis];
  return offset;
}

Index Index::at_offset(const Shape& shape, int64_t offset) {
  Index index;
  index.rank_ = shape.rank();
  for (int axis = shape.rank() - 1; axis >= 0; --axis) {
    const int64_t size = shape[axis];
    index[axis] = offset % size;
    offset /= size;
  }
  return index;
}

}  // namespace hoarfrost::keras
