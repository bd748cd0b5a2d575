#include "evaluation/endpoints.h"

#include <set>

#include "evaluation/reference.h"

namespace hoarfrost::evaluation {
namespace {

bool is_within(const std::string& name, const std::string& scope) {
  return name.size() > scope.size() && name.starts_with(scope) && name[scope.size()] == '/';
}

// Endpoints that another scope, or the caller, uses.
std::set<graph::Endpoint> leaving(const graph::Graph& graph, const graph::Signature& signature,
                                  const std::string& scope) {
  std::set<graph::Endpoint> result;
  for (const auto& node : graph.nodes()) {
    if (is_within(node->name(), scope)) continue;
    for (const auto& input : node->inputs) {
      if (is_within(input.node->name(), scope) && input.node->op() != "Const") result.insert(input);
    }
  }
  for (const auto& output : signature.outputs) {
    if (is_within(output.node->name(), scope)) result.insert(output);
  }
  return result;
}

}  // namespace

std::map<std::string, FoundEndpoint> find_endpoints(const keras::Lowered& lowered, const graph::Graph& frozen,
                                                    const graph::Signature& signature) {
  std::map<std::string, FoundEndpoint> found;
  const auto find_exactly = [&](const std::string& name) {
    const graph::Endpoint endpoint = name.empty() ? graph::Endpoint{} : find_endpoint(frozen, name);
    if (endpoint) found[name] = {endpoint, true};
    return static_cast<bool>(endpoint);
  };
  for (const auto& call : lowered.calls) {
    for (const auto& mask : call.masks) find_exactly(mask);
    if (left_no_node(call)) continue;
    for (const auto& output : call.outputs) {
      if (find_exactly(output) || call.outputs.size() != 1) continue;
      const auto candidates = leaving(frozen, signature, call.scope);
      if (candidates.size() == 1) found[output] = {*candidates.begin(), false};
    }
  }
  return found;
}

}  // namespace hoarfrost::evaluation
