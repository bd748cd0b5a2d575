// What ZeroPadding1D, 2D, 3D and Cropping1D, 2D, 3D share: the two ends of the spatial axes of [batch, space…,
// channels].
#pragma once

#include <string_view>
#include <vector>

#include "keras/lowering.h"

namespace hoarfrost::keras {

struct Border {
  int64_t before = 0;
  int64_t after = 0;
};
using Borders = std::vector<Border>;  // one per spatial axis

// The key's borders (1 where it is missing): a number for all, a number or a pair per axis, for one axis a pair, and
// Keras 1's four numbers. Reads data_format too. Throws Error{kCorrupt} for anything else, Error{kUnsupported} for
// channels_first.
Borders parse_borders(const Config& config, std::string_view key, int n_spatial_axes);

Shapes infer_padding(const Borders& padding, const Shapes& in);
Values lower_padding(const Borders& padding, Lowering& lowering, const Values& in);
Formulas padding_reference(const Borders& padding, const Arrays& in);

// Throws Error{kMismatch} when nothing is left.
Shapes infer_cropping(const Borders& cropping, const Shapes& in);
Values lower_cropping(const Borders& cropping, Lowering& lowering, const Values& in);
Formulas cropping_reference(const Borders& cropping, const Arrays& in);

}  // namespace hoarfrost::keras
