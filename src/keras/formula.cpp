#include "keras/formula.h"

#include <cmath>

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

Array::Array(const Tensor& tensor) {
  const bool is_text = tensor.dtype() == DType::kString;
  if (is_text) strings_ = tensor;
  reader_ = std::make_shared<Reader>(is_text ? Tensor(DType::kBool, tensor.shape()) : tensor);
}

struct Array::Computed {
  std::function<double(const Index&)> at;
  Shape shape;
  std::vector<double> values;
  std::vector<bool> is_known;
};

Array Array::of(const Formula& formula, const Array& like) {
  Array result(Tensor(DType::kBool, formula.shape));
  const auto n = static_cast<size_t>(formula.shape.n_elements());
  result.computed_ =
      std::make_shared<Computed>(Computed{formula.at, formula.shape, std::vector<double>(n), std::vector<bool>(n)});
  result.perturbation_ = like.perturbation_;
  result.seed_ = like.seed_ + 1;
  return result;
}

double Array::computed(int64_t offset) const {
  const auto i = static_cast<size_t>(offset);
  if (!computed_->is_known[i]) {
    computed_->values[i] = computed_->at(Index::at_offset(computed_->shape, offset));
    computed_->is_known[i] = true;
  }
  return computed_->values[i];
}

const std::string& Array::text(const Index& index) const {
  return strings_.strings()[static_cast<size_t>(index.offset(shape()))];
}

Array Array::perturbed_by(double amount, uint64_t seed) const {
  Array copy = *this;
  copy.perturbation_ = amount;
  copy.seed_ = seed;
  return copy;
}

Array Array::reshaped(const Shape& shape) const {
  Array copy = *this;
  copy.reader_ = std::make_shared<Reader>(reader_->tensor().reshaped(shape));
  copy.mask = nullptr;
  return copy;
}

Array Array::transposed(const std::vector<int64_t>& order) const {
  Shape target;
  for (const int64_t axis : order) target.push_back(shape()[static_cast<int>(axis)]);
  Tensor values(DType::kFloat64, target);
  const auto to = values.mutable_values<double>();
  for (size_t i = 0; i < to.size(); ++i) {
    const Index at = Index::at_offset(target, static_cast<int64_t>(i));
    Index from = at;
    for (int axis = 0; axis < at.rank(); ++axis) from[static_cast<int>(order[static_cast<size_t>(axis)])] = at[axis];
    to[i] = (*this)[from];
  }
  Array copy(values);
  copy.mask = mask;
  return copy;
}

namespace {
thread_local uint64_t n_reads = 0;
}

void Array::restart_perturbations() { n_reads = 0; }

// A hash of seed, place and read (splitmix64, Steele et al. 2014) gives the part, in [-1, 1).
double Array::perturbed(double value, int64_t offset) const {
  if (value == std::floor(value) || !std::isfinite(value)) return value;
  uint64_t hash = seed_ + (static_cast<uint64_t>(offset) + 1 + (n_reads++ << 40U)) * 0x9e3779b97f4a7c15U;
  hash = (hash ^ (hash >> 30U)) * 0xbf58476d1ce4e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d049bb133111ebU;
  hash ^= hash >> 31U;
  return value * (1 + perturbation_ * (static_cast<double>(hash >> 11U) * 0x1p-52 - 1));
}

}  // namespace hoarfrost::keras
