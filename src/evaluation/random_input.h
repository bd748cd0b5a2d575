// Random input on which a graph is proven: it reaches the corners that layers have.
#pragma once

#include <hoarfrost/graph.h>

#include <cstdint>
#include <functional>
#include <vector>

namespace hoarfrost::evaluation {

// Static shapes for the inputs: `batch` for an unknown first size, and for the other unknown ones the smallest of a few
// sizes with which the graph's shapes can be inferred. Throws Error{kUnsupported}.
std::vector<Shape> input_shapes(const graph::Graph& graph, const graph::Signature& signature, int64_t batch);

// Floats are normal, of deviation 1 in even examples and `spread` in odd ones (relu6 and relu differ only above 6),
// with some zeros and all-zero steps (masks). Whole numbers, and floats that index a table (Embedding), lie below the
// table's size.
std::vector<Tensor> random_inputs(const graph::Graph& graph, const graph::Signature& signature,
                                  const std::vector<Shape>& shapes, uint64_t seed, double spread);

// Input of widely spread values and what `run`, which may change it, answers; where that overflows, which proves
// little, input of deviation 1.
struct Trial {
  std::vector<Tensor> inputs;
  std::vector<Tensor> outputs;
};
Trial try_random_inputs(const graph::Graph& graph, const graph::Signature& signature, const std::vector<Shape>& shapes,
                        uint64_t seed, const std::function<std::vector<Tensor>(std::vector<Tensor>&)>& run);

}  // namespace hoarfrost::evaluation
