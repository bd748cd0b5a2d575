#include <hoarfrost/targets.h>

#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

void rewrite_tf1_15(graph::Graph& graph, graph::Signature& signature) { rewrite_for(Release::k1_15, graph, signature); }

void check_tf1_15(const graph::Graph& graph, const graph::Signature& /*signature*/) {
  check_for(Release::k1_15, graph);
}

}  // namespace

extern const Target target_tf1_15;
const Target target_tf1_15{"tf1.15", "TensorFlow 1.15 and later", rewrite_tf1_15, check_tf1_15};

}  // namespace hoarfrost::targets
