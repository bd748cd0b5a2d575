// How many examples are generated when nobody says: enough for over 95 % in the tutorials' epochs.
#pragma once

#include <cstdint>

namespace hoarfrost::cli {

constexpr int64_t kGeneratedPictures = 20'000;
constexpr int64_t kGeneratedHands = 12'000;

}  // namespace hoarfrost::cli
