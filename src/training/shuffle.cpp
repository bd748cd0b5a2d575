#include "training/shuffle.h"

#include <cstddef>
#include <numeric>
#include <utility>

#include "base/random_stream.h"

namespace hoarfrost::training {

// Fisher and Yates, as Durstenfeld 1964 (Algorithm 235) has it.
std::vector<int64_t> Shuffle::order(int64_t epoch) const {
  std::vector<int64_t> indices(static_cast<size_t>(n_));
  std::iota(indices.begin(), indices.end(), int64_t{0});
  RandomStream random(seed_, static_cast<uint64_t>(epoch));
  for (int64_t i = n_ - 1; i > 0; --i)
    std::swap(indices[static_cast<size_t>(i)], indices[static_cast<size_t>(random.below(i + 1))]);
  return indices;
}

}  // namespace hoarfrost::training
