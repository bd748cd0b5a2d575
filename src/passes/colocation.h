// Nodes that TensorFlow places together: the attribute `_class` names them as "loc:@name".
#pragma once

#include <hoarfrost/graph.h>

#include <string>
#include <vector>

namespace hoarfrost::passes {

// The names, whether or not the graph has them.
inline std::vector<std::string> colocated_with(const graph::Node& node) {
  std::vector<std::string> names;
  const auto found = node.attributes.find("_class");
  if (found == node.attributes.end()) return names;
  const auto* classes = std::get_if<std::vector<std::string>>(&found->second);
  if (classes == nullptr) return names;
  for (const auto& name : *classes) {
    names.push_back(name.starts_with("loc:@") ? name.substr(5) : name);
  }
  return names;
}

}  // namespace hoarfrost::passes
