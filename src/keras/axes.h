// Axes as operations name them, and the elements that they stand for.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "keras/formula.h"

namespace hoarfrost::keras {

// The axis counted from the first, in a tensor of that rank. Throws Error{kMismatch} for none of them.
int axis_in(int64_t axis, int rank);

// Axes from the first, ascending; all of them for none.
std::vector<int64_t> axes_of(const std::optional<std::vector<int64_t>>& axes, const Shape& x);

// The shape without those axes, or with 1 in their places.
Shape reduced_shape(const Shape& x, const std::vector<int64_t>& axes, bool keeps);

// Calls visit with each element of x that goes into the output at o.
template <typename Visit>
void for_each_reduced(const Array& x, const std::vector<int64_t>& axes, bool keeps, const Index& o,
                      const Visit& visit) {
  Shape group;
  for (const int64_t axis : axes) group.push_back(x.size(static_cast<int>(axis)));
  Index at;
  int next = 0;
  for (int axis = 0; axis < x.shape().rank(); ++axis) {
    const bool is_reduced = std::ranges::find(axes, axis) != axes.end();
    at.push_back(is_reduced ? 0 : o[next]);
    if (!is_reduced || keeps) ++next;
  }
  for (int64_t i = 0; i < group.n_elements(); ++i) {
    const Index within = Index::at_offset(group, i);
    for (size_t k = 0; k < axes.size(); ++k) at[static_cast<int>(axes[k])] = within[static_cast<int>(k)];
    visit(x[at], i);
  }
}

// The element of x that meets the output's, by broadcasting from the last axis.
double broadcast_element(const Array& x, const Index& o);

}  // namespace hoarfrost::keras
