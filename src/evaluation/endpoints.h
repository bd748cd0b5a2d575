// Where a frozen graph, perhaps made by another tool, has the outputs of a model's layers.
#pragma once

#include <hoarfrost/keras.h>

#include <map>
#include <string>

namespace hoarfrost::evaluation {

struct FoundEndpoint {
  graph::Endpoint endpoint;
  bool is_exact = true;  // of the same name; else the only value that leaves the layer's scope
};

// By the name of the lowered endpoint; those that are not found are missing.
std::map<std::string, FoundEndpoint> find_endpoints(const keras::Lowered& lowered, const graph::Graph& frozen,
                                                    const graph::Signature& signature);

}  // namespace hoarfrost::evaluation
