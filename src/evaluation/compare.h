// One layer's outputs as the runtime gave them, against its reference. docs/verify.md gives the reasons.
#pragma once

#include <hoarfrost/evaluation.h>

#include <vector>

#include "evaluation/reference.h"

namespace hoarfrost::evaluation {

struct LayerCheck {
  LayerInputs layer;            // the runtime's own activations
  std::vector<Tensor> outputs;  // what the runtime made of them
};

// Multiplications that all elements of the layer take, an element's own overhead counted as some.
double total_cost(const LayerCheck& check);
// The difference that rounding may make, for each output element by element, where it is more than the definition
// explains; empty: nothing.
using Allowed = std::vector<std::vector<double>>;
// Compares all elements, or as many as `budget` multiplications allow.
Comparison compare_layer(const LayerCheck& check, double budget, uint64_t seed, const Allowed& allowed = {});

// A model's outputs against expected ones that were computed another way. `allowed` adds to what rounding may do,
// element by element; empty: nothing.
Comparison compare_output(const std::string& name, const Tensor& expected, const Tensor& found,
                          const std::vector<double>& allowed);
// Whether compare_output would find them equal without more being allowed.
bool is_near(const Tensor& expected, const Tensor& found);

}  // namespace hoarfrost::evaluation
