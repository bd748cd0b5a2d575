// Layers whose outputs say little: a softmax that gives ones and zeros is right whatever the weights before it are.
#pragma once

#include "evaluation/compare.h"

namespace hoarfrost::evaluation {

// Where a layer begins and ends in the frozen graph.
struct LayerEndpoints {
  std::vector<graph::Endpoint> inputs;  // false ones where they are not known
  std::vector<graph::Endpoint> outputs;
};

// Whether the outputs are bounded by one and an index of the last axis (a class, a channel) has no element that would
// show it if weights and inputs were 1 % different. false when to find out takes more than `budget` multiplications.
bool is_saturated(const LayerCheck& check, double budget, uint64_t seed);

// Runs the layer alone on its inputs scaled down until it is not saturated any more (or three times), and adds to
// `comparison` what that shows. Does nothing for a layer with masks, or without float inputs that are known.
void compare_unsaturated(Comparison& comparison, const LayerCheck& check, const LayerEndpoints& endpoints,
                         const graph::Graph& frozen, double budget, uint64_t seed, int n_threads);

}  // namespace hoarfrost::evaluation
