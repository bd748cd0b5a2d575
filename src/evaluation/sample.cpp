#include "evaluation/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "keras/formula.h"

namespace hoarfrost::evaluation {
namespace {

constexpr int64_t kPerChannel = 4;
constexpr int64_t kPerBorder = 16;
constexpr int64_t kMaxIndices = 1000;

class Sample {
 public:
  Sample(const Shape& shape, Random& random) : shape_(shape), random_(random) {}

  // n random elements with `position` on that axis.
  void add(int axis, int64_t position, int64_t n) {
    for (int64_t i = 0; i < n; ++i) add(any().with(axis, position));
  }
  void add_corners() {
    const int rank = std::min(shape_.rank(), 6);
    for (int corner = 0; corner < (1 << rank); ++corner) {
      keras::Index index = any();
      for (int axis = 0; axis < rank; ++axis) index[axis] = (corner >> axis & 1) != 0 ? shape_[axis] - 1 : 0;
      add(index);
      if (rank > 1) add(index.with(-1, random_.below(shape_.last())));
    }
  }
  void add_random(int64_t n) {
    for (int64_t i = 0; i < n; ++i) add(any());
  }
  std::vector<int64_t> sorted() {
    std::ranges::sort(offsets_);
    offsets_.erase(std::ranges::unique(offsets_).begin(), offsets_.end());
    return std::move(offsets_);
  }
  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(offsets_.size()); }

 private:
  void add(const keras::Index& index) { offsets_.push_back(index.offset(shape_)); }
  keras::Index any() {
    keras::Index index;
    for (const int64_t size : shape_.sizes()) index.push_back(random_.below(size));
    return index;
  }
  const Shape& shape_;
  Random& random_;
  std::vector<int64_t> offsets_;
};

}  // namespace

uint64_t Random::bits() {
  uint64_t z = state_ += 0x9e3779b97f4a7c15U;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

// Box and Muller 1958.
double Random::normal() {
  const double radius = std::sqrt(-2 * std::log(1 - uniform()));
  return radius * std::cos(2 * 3.14159265358979323846 * uniform());
}

std::vector<int64_t> sample_offsets(const Shape& shape, int64_t n, Random& random) {
  const int64_t n_elements = shape.n_elements();
  if (n >= n_elements || shape.rank() == 0) {
    std::vector<int64_t> all(static_cast<size_t>(n_elements));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
  Sample sample(shape, random);
  for (int axis = 0; axis < shape.rank(); ++axis) {
    const int64_t size = shape[axis];
    const bool is_last = axis + 1 == shape.rank();
    const int64_t per_index = is_last && n >= kPerChannel * size ? kPerChannel : 1;
    for (int64_t i = 0; i < (is_last ? size : std::min(size, kMaxIndices)); ++i) sample.add(axis, i, per_index);
    if (is_last) continue;
    for (const int64_t border :
         {int64_t{0}, std::min<int64_t>(1, size - 1), std::max<int64_t>(size - 2, 0), size - 1}) {
      sample.add(axis, border, std::min(kPerBorder, n / 16));
    }
  }
  sample.add_corners();
  sample.add_random(n - sample.size());
  return sample.sorted();
}

}  // namespace hoarfrost::evaluation
