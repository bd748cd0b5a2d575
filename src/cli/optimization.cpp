#include "cli/optimization.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace hoarfrost::cli {
namespace {

using evaluation::Comparison;

// Graph number `i`: what the passes before the i-th left, the last one included.
evaluation::Model model(const Optimization& optimization, size_t i) {
  if (i == optimization.history.size()) return {optimization.graph, optimization.signature};
  return {optimization.history[i], optimization.signatures[i]};
}

size_t place_of(const Optimization& optimization, std::string_view pass) {
  const auto found = std::ranges::find(optimization.passes, pass, &PassCount::name);
  return static_cast<size_t>(found - optimization.passes.begin());
}

// float16 weights are another function by definition. What is proven of that pass is that it rounded the weights and
// changed nothing else.
graph::Graph with_rounded_weights(const graph::Graph& graph, const graph::Graph& halved) {
  graph::Graph result = graph.clone();
  for (const auto& node : result.nodes()) {
    const graph::Node* half = node->op() == "Const" ? halved.find(node->name()) : nullptr;
    if (half == nullptr || half->op() != "Const" || half->value().dtype() != DType::kFloat16 ||
        node->value().dtype() != DType::kFloat32)
      continue;
    node->set("value", half->value().cast(DType::kFloat32));
  }
  return result;
}

// Graphs number `from` and `to`, which stand on the same side of half_weights or next to it.
std::vector<Comparison> compare(const Optimization& optimization, size_t from, size_t to, uint64_t seed, int threads) {
  evaluation::EquivalenceOptions options{.seed = seed, .batch = 2, .threads = threads, .nchw_inputs = {}};
  const size_t turning = place_of(optimization, "nchw_inputs");
  if (from <= turning && turning < to) options.nchw_inputs = optimization.nchw_inputs;
  const evaluation::Model before = model(optimization, from), after = model(optimization, to);
  if (from != place_of(optimization, "half_weights")) return evaluation::compare_graphs(before, after, options);
  const graph::Graph rounded = with_rounded_weights(before.frozen, model(optimization, from + 1).frozen);
  const auto signature = signature_in(rounded, before.signature);
  return evaluation::compare_graphs({rounded, signature}, after, options);
}

const Comparison* divergence(const std::vector<Comparison>& comparisons) {
  const auto found = std::ranges::find(comparisons, false, &Comparison::equal);
  return found == comparisons.end() ? nullptr : &*found;
}

const graph::Node* random_node(const graph::Graph& graph) {
  const auto found = std::ranges::find_if(graph.nodes(), [](const auto& node) {
    return node->op().find("Random") != std::string::npos || node->op() == "Multinomial";
  });
  return found == graph.nodes().end() ? nullptr : found->get();
}

// The pass after which it first differs, by running what each left.
std::string culprit(const Optimization& optimization, size_t from, size_t to, uint64_t seed, int threads) {
  for (size_t i = from; i < to; ++i) {
    const auto comparisons = compare(optimization, from, i + 1, seed, threads);
    if (const Comparison* found = divergence(comparisons))
      return fmt::format("pass {}: it changed output `{}`: {}", optimization.passes[i].name, found->name,
                         found->divergence);
  }
  return "the passes changed the outputs";
}

}  // namespace

graph::Signature signature_in(const graph::Graph& copy, const graph::Signature& signature) {
  graph::Signature result;
  for (const auto& input : signature.inputs) result.inputs.push_back({copy.find(input.node->name()), input.index});
  for (const auto& output : signature.outputs) result.outputs.push_back({copy.find(output.node->name()), output.index});
  return result;
}

void run_passes(Optimization& optimization, const std::vector<const passes::Pass*>& chosen,
                const passes::PassOptions& options, bool keeps_history) {
  for (const passes::Pass* pass : chosen) {
    if (keeps_history) {
      optimization.history.push_back(optimization.graph.clone());
      optimization.signatures.push_back(signature_in(optimization.history.back(), optimization.signature));
    }
    if (pass->name == "nchw_inputs") {
      for (const auto& input : passes::nchw_inputs(optimization.signature))
        optimization.nchw_inputs.push_back(input.node->name());
    }
    const int n_changes = passes::run_pass(*pass, optimization.graph, optimization.signature, options);
    optimization.passes.push_back({std::string(pass->name), n_changes});
  }
}

void fit_target(Optimization& optimization, const targets::Target& target, bool keeps_history) {
  if (keeps_history) {
    optimization.history.push_back(optimization.graph.clone());
    optimization.signatures.push_back(signature_in(optimization.history.back(), optimization.signature));
  }
  const auto n_before = static_cast<int>(optimization.graph.size());
  targets::fit(target, optimization.graph, optimization.signature);
  optimization.passes.push_back(
      {fmt::format("target {}", target.name), std::abs(static_cast<int>(optimization.graph.size()) - n_before)});
}

std::string fit_target(graph::Graph& graph, graph::Signature& signature, const std::string& target, bool is_proven) {
  Optimization optimization;
  optimization.graph = std::move(graph);
  optimization.signature = signature;
  fit_target(optimization, targets::find_target(target), is_proven);
  std::string proof = is_proven ? prove(optimization, 0, 0) : "";
  graph = std::move(optimization.graph);
  signature = optimization.signature;
  return proof;
}

void add_target_option(CLI::App& app, std::string& target) {
  std::vector<std::string> names;
  for (const targets::Target* known : targets::all_targets()) names.emplace_back(known->name);
  app.add_option(
         "--target", target,
         "Writes the graph for this program, which `hoarfrost targets` explains; what it cannot read is an error")
      ->check(CLI::IsMember(names));
}

std::string prove(const Optimization& optimization, uint64_t seed, int threads) {
  if (optimization.history.empty()) return "Nothing was done.";
  if (const graph::Node* node = random_node(optimization.history[0])) {
    return fmt::format("Not verified: the graph draws random numbers (node `{}`).", node->name());
  }
  const size_t end = optimization.history.size(), half = place_of(optimization, "half_weights");
  std::vector<Comparison> comparisons;
  std::vector<std::pair<size_t, size_t>> spans;
  if (half > 0) spans.emplace_back(0, std::min(half, end));
  if (half < end) spans.emplace_back(half, end);
  for (const auto& [from, to] : spans) {
    comparisons = compare(optimization, from, to, seed, threads);
    if (divergence(comparisons) != nullptr)
      throw Error(ErrorCode::kMismatch, culprit(optimization, from, to, seed, threads), "nothing was written");
  }
  double max_rel = 0;
  int64_t n_compared = 0;
  for (const auto& comparison : comparisons) {
    max_rel = std::max(max_rel, comparison.max_rel);
    n_compared += comparison.n_compared;
  }
  return fmt::format(
      "Verified: on random input the graph gives what it gave before{} ({} numbers of {} {}); largest relative "
      "difference {:.1e}.",
      half < end ? ", but for the rounding of its weights" : "", n_compared, comparisons.size(),
      comparisons.size() == 1 ? "output" : "outputs", max_rel);
}

}  // namespace hoarfrost::cli
