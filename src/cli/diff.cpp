// hoarfrost diff A.pb B.pb: what is different in two graphs, and whether they compute the same.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/report.h"
#include "evaluation/graph_difference.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource a;
  ModelSource b;
  uint64_t seed = 0;
  double tolerance = 1e-4;
  size_t n_lines = 20;
  bool no_run = false;
  bool as_json = false;
};

// A list of inputs may be as long as a network is deep.
std::string shortened(const std::string& text) {
  constexpr size_t kLongest = 60;
  return text.size() <= kLongest ? text : text.substr(0, kLongest) + "…";
}

int run(const Options& options) {
  const Runnable a = load_runnable(options.a, {}, {});
  const Runnable b = load_runnable(options.b, {}, {});
  const auto differences = evaluation::differences(a.graph, b.graph);
  evaluation::OutputDifference outputs;
  if (!options.no_run)
    outputs = evaluation::compare_outputs(a.graph, a.signature, b.graph, b.signature, options.seed, options.tolerance);
  const bool equal = differences.empty() && (options.no_run || outputs.agree);
  if (options.as_json) {
    Json json{{"equal", equal}, {"differences", Json::array()}};
    for (const auto& each : differences)
      json["differences"].push_back({{"node", each.node}, {"kind", each.kind}, {"a", each.a}, {"b", each.b}});
    if (!options.no_run)
      json["outputs"] = {
          {"agree", outputs.agree}, {"max_abs", outputs.max_abs}, {"max_rel", outputs.max_rel}, {"note", outputs.note}};
    print_json(json);
    return equal ? 0 : 1;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& each : differences) {
    if (rows.size() == options.n_lines) break;
    rows.push_back({each.node, each.kind, shortened(each.a), shortened(each.b)});
  }
  if (!rows.empty()) fmt::print("{}", table({"node", "what", "in A", "in B"}, rows));
  if (rows.size() < differences.size()) fmt::print("… and {} more (--lines)\n", differences.size() - rows.size());
  if (differences.empty())
    fmt::print("The graphs are the same: {} nodes.\n", a.graph.size());
  else
    fmt::print("The graphs of {} and {} nodes have {} differences.\n", a.graph.size(), b.graph.size(),
               differences.size());
  if (!options.no_run) {
    if (!outputs.note.empty())
      fmt::print("Outputs: {}\n", outputs.note);
    else
      fmt::print("Outputs on the same random input {}: largest error {:.1e}, {:.1e} of the largest value.\n",
                 outputs.agree ? "agree" : "differ", outputs.max_abs, outputs.max_rel);
  }
  return equal ? 0 : 1;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("A", options->a.path, "A frozen graph (.pb, .pbtxt) or a Keras model")->required();
  app.add_option("B", options->b.path, "The other one")->required();
  app.add_option("--seed", options->seed, "Of the random input")->capture_default_str();
  app.add_option("--tolerance", options->tolerance, "How far outputs may lie apart, in parts of the largest value")
      ->capture_default_str();
  app.add_option("--lines", options->n_lines, "How many differences are shown")->capture_default_str();
  app.add_flag("--no-run", options->no_run, "Compare what is written, not what is computed");
  app.add_flag("--json", options->as_json, "Print one JSON object: equal, differences, outputs");
  app.footer(
      "The exit status is 0 when the graphs are the same and compute the same, 1 when not. Nodes are matched by name.\n"
      "Example:\n  hoarfrost diff frozen.pb optimized.pb");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_diff{"diff", "", "What is different in two graphs: nodes, attributes, constants, outputs",
                           add_options};

}  // namespace hoarfrost::cli
