// What targets share: refusing, running passes, and lists of ops.
#pragma once

#include <hoarfrost/graph.h>

#include <initializer_list>
#include <set>
#include <string_view>

namespace hoarfrost::targets {

// Throws Error{kUnsupported}: "node `a/b` (layer `a`): Op: message".
[[noreturn]] void refuse(const graph::Node& node, std::string_view message);

// Runs passes of `hoarfrost optimize` by name.
void run_passes(graph::Graph& graph, graph::Signature& signature, std::initializer_list<std::string_view> names);

// The batch of every input that leaves it open becomes 1, and what follows from that is computed.
void fix_batch(graph::Graph& graph, graph::Signature& signature);

// Each float32 output that other nodes use, or whose op is among `ops`, ends in a product with one, under its own name:
// what a program makes of the end of a graph it calls by that.
void keep_names(graph::Graph& graph, const graph::Signature& signature, const std::set<std::string_view>& ops);

// Refuses the first node whose op is not among them.
void expect_ops(const graph::Graph& graph, const std::set<std::string_view>& ops, std::string_view reader);

}  // namespace hoarfrost::targets
