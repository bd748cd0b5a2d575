// Two graphs, node by node as they are written, and by what they compute.
#pragma once

#include <hoarfrost/graph.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hoarfrost::evaluation {

struct Difference {
  std::string node;
  std::string kind;  // "node", "op", "inputs", "attribute NAME", "constant"
  std::string a;     // empty: not there
  std::string b;
};

// Nodes are matched by name; those of A in its order, then those that only B has. Attributes that begin with an
// underscore are notes that TensorFlow leaves for itself and are not compared; nor is on which device a node runs.
std::vector<Difference> differences(const graph::Graph& a, const graph::Graph& b);

struct OutputDifference {
  bool agree = false;
  double max_abs = 0;
  double max_rel = 0;  // of the output's largest value
  std::string note;    // why they could not be compared, or ""
};

// Runs both on one random input. They agree when the signatures have the same types and shapes and no element lies more
// than `tolerance` of its output's largest value apart.
OutputDifference compare_outputs(const graph::Graph& a, const graph::Signature& of_a, const graph::Graph& b,
                                 const graph::Signature& of_b, uint64_t seed, double tolerance);

}  // namespace hoarfrost::evaluation
