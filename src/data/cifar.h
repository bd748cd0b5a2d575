// What CIFAR's files have in common, in bytes and as Python's pickles.
#pragma once

#include <cstdint>

namespace hoarfrost::data {

constexpr int64_t kCifarPixels = 3 * 32 * 32;
constexpr int64_t kCoarseClasses = 20;  // of CIFAR-100, whose fine ones are 100

}  // namespace hoarfrost::data
