#include "training/gradient_sums.h"

namespace hoarfrost::training {

void GradientSums::update(std::span<Tensor> gradients, std::span<const size_t> places) {
  for (const size_t i : places) is_there_.at(i) = true;
  while (n_left_ > 0 && is_there_[n_left_ - 1])
    pending_.push_back(group_.start_sum(gradients[--n_left_].mutable_values<float>()));
  if (!pending_.empty()) pending_.back()->poll();
}

void GradientSums::finish(std::span<Tensor> gradients) {
  while (n_left_ > 0) pending_.push_back(group_.start_sum(gradients[--n_left_].mutable_values<float>()));
  for (const auto& sum : pending_) sum->wait();
}

}  // namespace hoarfrost::training
