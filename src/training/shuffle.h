// The order in which an epoch takes its examples.
#pragma once

#include <cstdint>
#include <vector>

namespace hoarfrost::training {

// A permutation of n examples for each epoch. It depends on (seed, epoch, n) alone, on every machine, so that a
// training that goes on after a stop sees the order that it would have seen.
class Shuffle {
 public:
  Shuffle(int64_t n, uint64_t seed) : n_(n), seed_(seed) {}
  // n indices, each of 0 … n - 1 once. Epochs count from 0.
  [[nodiscard]] std::vector<int64_t> order(int64_t epoch) const;

 private:
  int64_t n_;
  uint64_t seed_;
};

}  // namespace hoarfrost::training
