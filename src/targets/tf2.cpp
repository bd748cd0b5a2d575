#include <hoarfrost/targets.h>

#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

void rewrite_tf2(graph::Graph& graph, graph::Signature& signature) { rewrite_for(Release::k2, graph, signature); }

void check_tf2(const graph::Graph& graph, const graph::Signature& /*signature*/) { check_for(Release::k2, graph); }

}  // namespace

extern const Target target_tf2;
const Target target_tf2{"tf2", "TensorFlow 2", rewrite_tf2, check_tf2};

}  // namespace hoarfrost::targets
