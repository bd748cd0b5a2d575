#include <hoarfrost/targets.h>

#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

void rewrite_tf1_12(graph::Graph& graph, graph::Signature& signature) { rewrite_for(Release::k1_12, graph, signature); }

void check_tf1_12(const graph::Graph& graph, const graph::Signature& /*signature*/) {
  check_for(Release::k1_12, graph);
}

}  // namespace

extern const Target target_tf1_12;
const Target target_tf1_12{"tf1.12", "TensorFlow 1.12 and later, as DNNDK has it", rewrite_tf1_12, check_tf1_12};

}  // namespace hoarfrost::targets
