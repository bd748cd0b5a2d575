// The gradients of a group's processes, added up while the backward pass still runs.
#pragma once

#include <hoarfrost/tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "distributed/group.h"

namespace hoarfrost::training {

// Of one step. Sums begin from the last gradient to the first, about as the backward pass makes them, each when it and
// all before it in that order are there: so all processes begin them in the same order, whatever their plans.
class GradientSums {
 public:
  GradientSums(distributed::Group& group, size_t n) : group_(group), is_there_(n, false), n_left_(n) {}

  // These of the gradients are there now; what goes on makes progress. Throws Error{kIo}.
  void update(std::span<Tensor> gradients, std::span<const size_t> places);
  // The rest, and until every gradient is the sum of all processes': the same bits at each of them. Throws Error{kIo}.
  void finish(std::span<Tensor> gradients);

 private:
  distributed::Group& group_;
  std::vector<bool> is_there_;
  size_t n_left_;  // the first ones, whose sums have not begun
  std::vector<std::unique_ptr<distributed::PendingSum>> pending_;
};

}  // namespace hoarfrost::training
