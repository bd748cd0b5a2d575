// Two graphs, node by node in their order, with every attribute and every value.
#pragma once

#include <hoarfrost/graph.h>

#include <cstring>
#include <string>

namespace hoarfrost::testing_support {

inline bool same_tensor(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.shape() != b.shape()) return false;
  if (a.dtype() == DType::kString) return a.strings() == b.strings();
  return a.n_bytes() == b.n_bytes() &&
         (a.n_bytes() == 0 || std::memcmp(a.bytes().data(), b.bytes().data(), a.n_bytes()) == 0);
}

inline bool same_attribute(const graph::Attribute& a, const graph::Attribute& b) {
  if (a.index() != b.index()) return false;
  return std::visit(
      [&b]<typename T>(const T& value) {
        const T& other = std::get<T>(b);
        if constexpr (std::is_same_v<T, Tensor>) {
          return same_tensor(value, other);
        } else if constexpr (std::is_same_v<T, std::vector<Tensor>>) {
          return std::equal(value.begin(), value.end(), other.begin(), other.end(), same_tensor);
        } else {
          return value == other;
        }
      },
      a);
}

// The first difference, or nothing.
inline std::string difference(const graph::Graph& a, const graph::Graph& b) {
  for (size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
    if (i >= a.size()) return "only the second has " + b.nodes()[i]->name();
    if (i >= b.size()) return "only the first has " + a.nodes()[i]->name();
    const graph::Node& x = *a.nodes()[i];
    const graph::Node& y = *b.nodes()[i];
    const auto inputs = [](const graph::Node& node) {
      std::string text;
      for (const auto& input : node.inputs) text += input.name() + " ";
      for (const auto* control : node.control_inputs) text += "^" + control->name() + " ";
      return text;
    };
    if (x.name() != y.name()) return "node " + std::to_string(i) + ": " + x.name() + ", " + y.name();
    if (x.op() != y.op()) return x.name() + ": op " + x.op() + ", " + y.op();
    if (x.device != y.device) return x.name() + ": device " + x.device + ", " + y.device;
    if (inputs(x) != inputs(y)) return x.name() + ": inputs " + inputs(x) + ", " + inputs(y);
    for (const auto& [key, value] : x.attributes) {
      const auto found = y.attributes.find(key);
      if (found == y.attributes.end()) return x.name() + ": only the first has attribute " + key;
      if (!same_attribute(value, found->second)) return x.name() + ": attribute " + key;
    }
    for (const auto& [key, value] : y.attributes) {
      if (!x.attributes.contains(key)) return x.name() + ": only the second has attribute " + key;
    }
  }
  if (a.producer != b.producer || a.min_consumer != b.min_consumer) return "versions";
  return a.library == b.library ? "" : "library";
}

}  // namespace hoarfrost::testing_support
