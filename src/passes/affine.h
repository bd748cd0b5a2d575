// Nodes that multiply each channel by a constant and add one: y = x * scale + offset. BatchNormalization at inference
// is one of them, or a few.
#pragma once

#include <hoarfrost/graph.h>

#include <optional>
#include <vector>

namespace hoarfrost::passes {

struct Channels {
  int64_t n = 0;
  int rank = 0;           // of x
  bool is_first = false;  // [N, C, …] instead of [N, …, C]
};

struct Affine {
  std::vector<double> scale;   // [n]
  std::vector<double> offset;  // [n]
  bool has_scale = false;      // whether scale is anything but ones
  // This one first, then the other.
  [[nodiscard]] Affine then(const Affine& other) const;
};

// What `node` does to its input `x`: FusedBatchNorm(V2, V3) that does not train (Ioffe and Szegedy 2015: gamma (x -
// mean) / sqrt(variance + epsilon) + beta), BiasAdd, and Mul, Add, AddV2, Sub, RealDiv by a constant of one number or
// one for each channel. nullopt for everything else, and where it would change the shape.
std::optional<Affine> affine_of(const graph::Node& node, const graph::Endpoint& x, const Channels& channels);

}  // namespace hoarfrost::passes
