// The order of a legacy group's weights: trainable ones, then the others, over a whole nested model (Keras 2 and 3:
// _legacy_weights; a layer that is not trainable has only others).
#pragma once

#include <utility>
#include <vector>

namespace hoarfrost::keras {

// Layer has `layer` (a ModelLayer*), `own` (weights, each with its `spec`) and `layers` (those of a nested model).
template <typename Layer, typename Weights = decltype(Layer::own)>
std::pair<Weights, Weights> trainable_and_others(const Layer& layer) {
  std::pair<Weights, Weights> result;
  auto& [trainable, others] = result;
  for (const auto& weight : layer.own) (weight.spec.is_trainable ? trainable : others).push_back(weight);
  for (const Layer& inner : layer.layers) {
    const auto [inner_trainable, inner_others] = trainable_and_others<Layer, Weights>(inner);
    trainable.insert(trainable.end(), inner_trainable.begin(), inner_trainable.end());
    others.insert(others.end(), inner_others.begin(), inner_others.end());
  }
  if (layer.layer->is_trainable) return result;
  trainable.insert(trainable.end(), others.begin(), others.end());
  return {{}, std::move(trainable)};
}

template <typename Layer>
auto in_legacy_order(const Layer& layer) {
  auto [result, others] = trainable_and_others(layer);
  result.insert(result.end(), others.begin(), others.end());
  return result;
}

}  // namespace hoarfrost::keras
