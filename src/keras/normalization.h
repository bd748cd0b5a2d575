// What the normalizing layers share: axes, moments, and the affine step that TensorFlow calls batch_normalization.
#pragma once

#include "keras/lowering.h"

namespace hoarfrost::keras {

// Counted from the first and ascending. Throws Error{kMismatch} for an axis that x does not have, Error{kUnsupported}
// for the batch's axis and for one of unknown size.
std::vector<int64_t> normalized_axes(const std::vector<int64_t>& axes, const Shape& x);
// x's sizes along the axes, and the same among ones at x's rank.
Shape sizes_along(const std::vector<int64_t>& axes, const Shape& x);
Shape broadcast_along(const std::vector<int64_t>& axes, const Shape& x);
// Whether the axes (ascending, from the first) are x's last ones, so that a weight of their sizes broadcasts as it is.
bool are_last(const std::vector<int64_t>& axes, const Shape& x);

// `op` (Mean, Sum, …) over the axes, which stay as ones.
Value lower_reduction(Lowering& lowering, std::string_view name, std::string_view op, const Value& x,
                      const std::vector<int64_t>& axes);

struct Moments {
  Value mean;
  Value variance;
};
// tf.nn.moments of TensorFlow 2.15 with keepdims: the variance is the mean of squared differences, not divided by n
// - 1.
Moments lower_moments(Lowering& lowering, const Value& x, const std::vector<int64_t>& axes);

// tf.nn.batch_normalization of TensorFlow 2.15, op by op: gamma · (x − mean) / sqrt(variance + epsilon) + beta. gamma
// and beta may have no tensor.
Value lower_affine(Lowering& lowering, const Value& x, const Moments& moments, const Value& gamma, const Value& beta,
                   double epsilon);

// For references: calls visit with each position that has o's place on all axes but these.
template <typename Visit>
void for_each_along(const std::vector<int64_t>& axes, const Shape& shape, const Index& o, const Visit& visit) {
  const Shape group = sizes_along(axes, shape);
  Index position = o;
  for (int64_t i = 0; i < group.n_elements(); ++i) {
    const Index within = Index::at_offset(group, i);
    for (size_t k = 0; k < axes.size(); ++k) position[static_cast<int>(axes[k])] = within[static_cast<int>(k)];
    visit(position);
  }
}
// The place of o in a weight whose axes are these of x.
int64_t offset_along(const std::vector<int64_t>& axes, const Shape& shape, const Index& o);

}  // namespace hoarfrost::keras
