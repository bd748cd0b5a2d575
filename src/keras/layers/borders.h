// What ZeroPadding and Cropping share: how much of each spatial axis' two ends.
#pragma once

#include <string_view>
#include <vector>

#include "keras/config.h"

namespace hoarfrost::keras {

struct Border {
  int64_t before = 0;
  int64_t after = 0;
};

// The key's borders, one per spatial axis (as many as the class name says: ZeroPadding2D has two): a number for all, a number
// or a pair per axis, for one axis a pair, and Keras 1's four numbers. Throws Error{kCorrupt} for anything else.
std::vector<Border> parse_borders(const Config& config, std::string_view key);

// 2 for "ZeroPadding2D".
int n_spatial_axes(const Config& config);

}  // namespace hoarfrost::keras
