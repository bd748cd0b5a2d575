// What optimize does and freeze and freeze-graph share: running passes with their proof.
#pragma once

#include <hoarfrost/passes.h>
#include <hoarfrost/targets.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/report.h"
#include "evaluation/equivalence.h"

namespace hoarfrost::cli {

struct PassCount {
  std::string name;
  int n_changes = 0;
};

// The graphs before the first pass and after each, for the proof. Constants are shared.
struct Optimization {
  graph::Graph graph;
  graph::Signature signature;
  std::vector<PassCount> passes;
  std::vector<graph::Graph> history;  // graphs as they were before each pass, when a proof is wanted
  std::vector<graph::Signature> signatures;
  std::vector<std::string> nchw_inputs;
};

// The same signature in a copy of its graph.
graph::Signature signature_in(const graph::Graph& copy, const graph::Signature& signature);

// Runs them in the order given. With `keeps_history` the proof can be made afterwards.
void run_passes(Optimization& optimization, const std::vector<const passes::Pass*>& chosen,
                const passes::PassOptions& options, bool keeps_history);

// The target's rewrites, as one more pass.
void fit_target(Optimization& optimization, const targets::Target& target, bool keeps_history);

// What freeze and freeze-graph do with --target: rewrites the graph in place and, when wanted, proves it. Returns the
// proof's line, "" without one.
std::string fit_target(graph::Graph& graph, graph::Signature& signature, const std::string& target, bool is_proven);

// --target, checked against the targets there are.
void add_target_option(CLI::App& app, std::string& target);

// Runs first and last graph on random input. Throws Error{kMismatch} that names the pass after which the outputs
// differ. Returns a line that says what was proven. Where random numbers are drawn or an op is not known, the line says
// that nothing was.
std::string prove(const Optimization& optimization, uint64_t seed, int threads);

}  // namespace hoarfrost::cli
