// Running a graph with TensorFlow 1's control flow by the ops' references.
#pragma once

#include <map>
#include <span>
#include <vector>

#include "graph/schedule.h"
#include "ops/op.h"

namespace hoarfrost::ops {

// What no loop of a model comes near: more rounds are an endless loop.
constexpr int64_t kMostRounds = 1 << 20;
// Throws Error{kUnsupported}: the loop has not ended after kMostRounds.
[[noreturn]] void too_long(const graph::Loop& loop);

// The same where the schedule is known; `fetches` are among what its nodes give.
std::vector<Tensor> interpret(const graph::Schedule& schedule, const std::map<graph::Endpoint, Tensor>& feeds,
                              std::span<const graph::Endpoint> fetches);

// As evaluate(). Of the branches of a cond only the one that is taken runs. Throws also what graph::schedule throws,
// and Error{kInvalidArgument} for a fetch in a branch that was not taken.
std::vector<Tensor> interpret(const graph::Graph& graph, const std::map<graph::Endpoint, Tensor>& feeds,
                              std::span<const graph::Endpoint> fetches);

}  // namespace hoarfrost::ops
