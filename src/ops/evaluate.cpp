#include <unordered_map>
#include <unordered_set>

#include "graph/schedule.h"
#include "ops/interpret.h"
#include "ops/known.h"

namespace hoarfrost::ops {
namespace {

using graph::Endpoint;
using Feeds = std::map<Endpoint, Tensor>;

// The nodes that must run, found backwards from the fetches to the feeds.
std::unordered_set<const Node*> needed_nodes(const Feeds& feeds, std::span<const Endpoint> fetches) {
  std::unordered_set<const Node*> needed;
  std::vector<Endpoint> open(fetches.begin(), fetches.end());
  while (!open.empty()) {
    const Endpoint endpoint = open.back();
    open.pop_back();
    if (feeds.contains(endpoint) || !needed.insert(endpoint.node).second) continue;
    open.insert(open.end(), endpoint.node->inputs.begin(), endpoint.node->inputs.end());
  }
  return needed;
}

// The values that are still wanted, each with the number of uses left.
class Values {
 public:
  Values(const Feeds& feeds, std::span<const Endpoint> fetches, const std::unordered_set<const Node*>& nodes)
      : values_(feeds) {
    for (const Node* node : nodes) {
      for (const Endpoint& input : node->inputs) ++uses_[input];
    }
    for (const Endpoint& fetch : fetches) ++uses_[fetch];
  }
  [[nodiscard]] Tensor take(const Endpoint& endpoint) {
    const auto found = values_.find(endpoint);
    if (found == values_.end()) {
      throw Error(ErrorCode::kCorrupt, fmt::format("node `{}`", endpoint.node->name()),
                  fmt::format("{} has no output {}", endpoint.node->op(), endpoint.index));
    }
    Tensor value = found->second;
    if (--uses_[endpoint] == 0) values_.erase(found);
    return value;
  }
  void put(const Endpoint& endpoint, Tensor value) {
    if (uses_.contains(endpoint)) values_.try_emplace(endpoint, std::move(value));  // a feed goes before
  }

 private:
  Feeds values_;
  std::map<Endpoint, int> uses_;
};

void need_feed(const Node& node) {
  if (node.op() == "Placeholder")
    fail(ErrorCode::kInvalidArgument, node, "it is an input, and no value was given for it");
}

}  // namespace

std::vector<Tensor> evaluate(const graph::Graph& graph, const Feeds& feeds, std::span<const Endpoint> fetches) {
  if (graph::has_control_flow(graph)) return interpret(graph, feeds, fetches);
  const auto needed = needed_nodes(feeds, fetches);
  Values values(feeds, fetches, needed);
  for (Node* node : graph::topological_order(graph)) {
    if (!needed.contains(node)) continue;
    need_feed(*node);
    std::vector<Tensor> inputs;
    for (const Endpoint& input : node->inputs) inputs.push_back(values.take(input));
    std::vector<Tensor> outputs = run_node(*node, inputs);
    for (size_t i = 0; i < outputs.size(); ++i) values.put({node, static_cast<int>(i)}, std::move(outputs[i]));
  }
  std::vector<Tensor> results;
  for (const Endpoint& fetch : fetches) results.push_back(values.take(fetch));
  return results;
}

}  // namespace hoarfrost::ops
