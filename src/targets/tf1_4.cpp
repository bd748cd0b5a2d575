#include <hoarfrost/targets.h>

#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

void rewrite_tf1_4(graph::Graph& graph, graph::Signature& signature) { rewrite_for(Release::k1_4, graph, signature); }

void check_tf1_4(const graph::Graph& graph, const graph::Signature& /*signature*/) { check_for(Release::k1_4, graph); }

}  // namespace

extern const Target target_tf1_4;
const Target target_tf1_4{"tf1.4", "TensorFlow 1.4 and later", rewrite_tf1_4, check_tf1_4};

}  // namespace hoarfrost::targets
