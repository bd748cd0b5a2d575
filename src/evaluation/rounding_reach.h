// How far a graph carries rounding into its outputs: what a comparison of whole graphs has to allow.
#pragma once

#include <hoarfrost/graph.h>

#include <cstdint>
#include <vector>

namespace hoarfrost::evaluation {

struct ReachOptions {
  double input_amount = 0x1p-20;  // by what part of itself an input may move; whole numbers stay
  double value_amount = 0x1p-22;  // and a float32 value on the way
  uint64_t seed = 0;
  int threads = 0;
};

// For each element of each output: 16 times its largest change in five runs in which every float input is moved at
// random by up to `input_amount` of itself and every float32 value on the way by up to `value_amount`. Moving the
// inputs alone would miss values that cancel exactly and whose roundings do not. This is Monte Carlo arithmetic
// (D. Stott Parker, UCLA CSD-970002, 1997) with one factor for each index of a value's last axis; what runs in a loop
// is not moved. `outputs` are the graph's for `inputs`, as another program of it gave them. Throws what
// runtime::Session throws.
std::vector<std::vector<double>> rounding_reach(const graph::Graph& frozen, const graph::Signature& signature,
                                                const std::vector<Tensor>& inputs, const std::vector<Tensor>& outputs,
                                                const ReachOptions& options);

}  // namespace hoarfrost::evaluation
