#include <hoarfrost/targets.h>

#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

void rewrite(graph::Graph& graph, graph::Signature& signature) { rewrite_for(Release::k2, graph, signature); }

void check(const graph::Graph& graph, const graph::Signature& /*signature*/) { check_for(Release::k2, graph); }

}  // namespace

extern const Target target_tf2;
const Target target_tf2{"tf2", "TensorFlow 2", rewrite, check};

}  // namespace hoarfrost::targets
