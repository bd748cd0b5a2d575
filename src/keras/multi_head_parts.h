// How the inputs, axes and weights of a MultiHead are called: what its shapes, its nodes and its reference share.
#pragma once

#include <string>
#include <vector>

#include "keras/multi_head.h"

namespace hoarfrost::keras {

// The inputs by their parts in the call, and the axes of everything as letters: batch and the query's axes are a, b, …,
// the key's own axes A, B, …, heads h, depth d, features f.
struct MultiHeadParts {
  size_t query;
  size_t value;
  size_t key;
  std::string positions;      // of the query: "ab"
  std::string key_positions;  // of key and value: "aB"
  std::string scores;         // "ahbB"
  int n_axes = 0;             // over which it attends
};

// Throws Error{kMismatch} for ranks that differ or are none of 3 to 6, and where attention_axes name no axis.
MultiHeadParts multi_head_parts(const MultiHead& layer, const Shapes& in);

// The output's own axes: what output_shape says, or else the query's features.
std::vector<int64_t> output_sizes(const MultiHead& layer, const Shape& query);

// Where the weights of each projection begin.
struct MultiHeadPlaces {
  size_t query, key, gate, value, output;
};
MultiHeadPlaces multi_head_places(const MultiHead& layer);

}  // namespace hoarfrost::keras
