#include <hoarfrost/targets.h>

#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

void rewrite(graph::Graph& graph, graph::Signature& signature) { rewrite_for(Release::k1_15, graph, signature); }

void check(const graph::Graph& graph, const graph::Signature& /*signature*/) { check_for(Release::k1_15, graph); }

}  // namespace

extern const Target target_tf1_15;
const Target target_tf1_15{"tf1.15", "TensorFlow 1.15 and later", rewrite, check};

}  // namespace hoarfrost::targets
