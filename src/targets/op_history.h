// When TensorFlow learned what: an older one refuses a graph with an op or an attribute that it does not know.
#pragma once

#include <hoarfrost/graph.h>

#include <string_view>

namespace hoarfrost::targets {

enum class Release { k1_4, k1_12, k1_15, k2 };

// Makes older ops of newer ones, where they say the same: AddV2, FusedBatchNormV2 and V3, BatchMatMulV2, LeakyRelu,
// ClipByValue, SelectV2, Snapshot, StringLower, explicit paddings; and forgets newer attributes that hold their
// defaults.
void rewrite_for(Release release, graph::Graph& graph, graph::Signature& signature);

// Throws Error{kUnsupported} for the first op, or attribute that is not its default, of a later release.
void check_for(Release release, const graph::Graph& graph);

}  // namespace hoarfrost::targets
