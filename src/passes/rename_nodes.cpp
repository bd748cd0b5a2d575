#include <hoarfrost/passes.h>

namespace hoarfrost::passes {
namespace {

int rename_nodes(graph::Graph& graph, graph::Signature& /*signature*/, const PassOptions& options) {
  for (const auto& text : options.renames) rename(graph, text);
  return static_cast<int>(options.renames.size());
}

}  // namespace

extern const Pass pass_rename_nodes;
const Pass pass_rename_nodes{"rename_nodes", "Nodes get the names that --rename OLD=NEW says", true, rename_nodes};

}  // namespace hoarfrost::passes
