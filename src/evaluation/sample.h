// Which elements of a tensor are looked at when there is no time for all of them.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <vector>

namespace hoarfrost::evaluation {

// Random numbers that are the same on every machine (splitmix64, Steele et al. 2014).
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  uint64_t bits();
  int64_t below(int64_t n) { return static_cast<int64_t>(bits() % static_cast<uint64_t>(n)); }
  double uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }  // [0, 1)
  double normal();

 private:
  uint64_t state_;
};

// Row-major offsets of about n elements, ascending, each once; all of them when n is the tensor's size or more.
// Whatever n is, there are elements at every index of the last axis (the channels), at the first and the last two
// indices of every axis (the borders), at their corners, and at every index of the other axes up to a thousand.
std::vector<int64_t> sample_offsets(const Shape& shape, int64_t n, Random& random);

}  // namespace hoarfrost::evaluation
