#include <hoarfrost/passes.h>

namespace hoarfrost::passes {

void clear_devices(graph::Graph& graph) {
  for (const auto& node : graph.nodes()) node->device.clear();
}

}  // namespace hoarfrost::passes
