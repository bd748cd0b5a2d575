// Random numbers that are the same on every machine: splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom
// number generators"). A stream is named by numbers, such as a seed and an epoch, so that nothing need be remembered.
#pragma once

#include <cstdint>

namespace hoarfrost {

class RandomStream {
 public:
  explicit RandomStream(uint64_t seed) : state_(seed) {}
  // The stream of that number among those of a seed.
  RandomStream(uint64_t seed, uint64_t number) : state_(mixed(mixed(seed) + number)) {}

  uint64_t bits() {
    state_ += 0x9e3779b97f4a7c15U;
    return mixed(state_);
  }
  // Of 0 … n - 1, all alike (Lemire 2019, "Fast random integer generation in an interval"); n > 0.
  int64_t below(int64_t n) {
    const auto range = static_cast<uint64_t>(n);
    auto product = static_cast<Wide>(bits()) * range;
    if (static_cast<uint64_t>(product) < range) {
      const uint64_t smallest = -range % range;
      while (static_cast<uint64_t>(product) < smallest) product = static_cast<Wide>(bits()) * range;
    }
    return static_cast<int64_t>(product >> 64U);
  }
  double uniform() { return static_cast<double>(bits() >> 11U) * 0x1p-53; }  // [0, 1)
  double uniform(double low, double high) { return low + uniform() * (high - low); }

 private:
  __extension__ typedef unsigned __int128 Wide;
  static uint64_t mixed(uint64_t z) {
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }
  uint64_t state_;
};

}  // namespace hoarfrost
