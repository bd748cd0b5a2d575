// hoarfrost optimize IN.pb OUT.pb: passes over a frozen graph, proven to keep what it computes.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <map>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/numbers.h"
#include "cli/optimization.h"
#include "cli/report.h"
#include "tensorflow/message_size.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  std::filesystem::path input;
  std::filesystem::path output;
  std::vector<std::string> passes;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
  std::vector<std::string> input_shapes;
  int64_t batch = 0;  // 0: as it is
  std::vector<std::string> renames;
  std::string target;
  bool list = false;
  bool no_verify = false;
  uint64_t seed = 0;
  int threads = 0;
  bool as_json = false;
};

int list_passes(const Options& options) {
  std::vector<std::vector<std::string>> rows;
  Json json = Json::array();
  for (const passes::Pass* pass : passes::all_passes()) {
    rows.push_back({std::string(pass->name), pass->is_usual ? "yes" : "when chosen", std::string(pass->summary)});
    json.push_back({{"name", pass->name}, {"usual", pass->is_usual}, {"summary", pass->summary}});
  }
  if (options.as_json)
    print_json({{"passes", json}});
  else
    fmt::print("{}", table({"pass", "usual", "what it does"}, rows));
  return 0;
}

// Those that a person names keep the one order that makes sense.
std::vector<const passes::Pass*> chosen_passes(const Options& options) {
  std::vector<const passes::Pass*> named;
  for (const auto& name : options.passes) named.push_back(&passes::find_pass(name));
  std::vector<const passes::Pass*> result;
  for (const passes::Pass* pass : passes::all_passes()) {
    const bool is_named = std::ranges::find(named, pass) != named.end();
    const bool is_asked_for = (pass->name == "rename_nodes" && !options.renames.empty()) ||
                              (pass->name == "fix_shapes" && (options.batch > 0 || !options.input_shapes.empty()));
    if (is_named || is_asked_for || (named.empty() && pass->is_usual)) result.push_back(pass);
  }
  return result;
}

graph::Signature signature_of(const graph::Graph& graph, const Options& options) {
  graph::Signature signature;
  for (const auto& name : options.input_nodes) signature.inputs.push_back(resolve(graph, name, options.input));
  for (const auto& name : options.output_nodes) signature.outputs.push_back(resolve(graph, name, options.input));
  for (const auto& node : graph.nodes()) {
    const bool is_source = node->op() == "Placeholder" || node->op() == "PlaceholderWithDefault";
    if (options.input_nodes.empty() && is_source) signature.inputs.push_back(node->output());
  }
  if (signature.outputs.empty()) {
    for (graph::Node* node : graph::terminal_nodes(graph)) signature.outputs.push_back(node->output());
  }
  if (signature.outputs.empty())
    throw Error(ErrorCode::kInvalidArgument, options.input.string(), "the graph gives no output");
  return signature;
}

using Census = std::map<std::string, int>;

Census census(const graph::Graph& graph) {
  Census result;
  for (const auto& node : graph.nodes()) ++result[node->op()];
  return result;
}

void tell(const Options& options, const Optimization& done, const Census& before, const std::string& proof) {
  const Census after = census(done.graph);
  Census all = before;
  all.insert(after.begin(), after.end());
  const auto count = [](const Census& of, const std::string& op) { return of.contains(op) ? of.at(op) : 0; };
  int n_before = 0;
  for (const auto& [op, n] : before) n_before += n;
  if (options.as_json) {
    Json json{{"passes", Json::array()},    {"ops", Json::object()}, {"nodes_before", n_before},
              {"nodes", done.graph.size()}, {"proof", proof},        {"files", {options.output.string()}}};
    for (const auto& pass : done.passes) json["passes"].push_back({{"name", pass.name}, {"changes", pass.n_changes}});
    for (const auto& [op, n] : all) json["ops"][op] = {{"before", count(before, op)}, {"after", count(after, op)}};
    return print_json(json);
  }
  std::vector<std::vector<std::string>> passes, ops;
  for (const auto& pass : done.passes) passes.push_back({pass.name, std::to_string(pass.n_changes)});
  for (const auto& [op, n] : all)
    ops.push_back({op, std::to_string(count(before, op)), std::to_string(count(after, op))});
  ops.push_back({"all", std::to_string(n_before), std::to_string(done.graph.size())});
  fmt::print("{}\n{}\n", table({"pass", "changes"}, passes), table({"op", "before", "after"}, ops));
  if (!proof.empty()) fmt::print("{}\n", proof);
  fmt::print("Wrote {} ({}).\n", options.output.string(), size_text(std::filesystem::file_size(options.output)));
}

[[noreturn]] void wrong(std::string_view message) { throw CLI::ValidationError(std::string(message)); }

int run(const Options& options) {
  if (options.list) return list_passes(options);
  if (options.input.empty() || options.output.empty())
    wrong("give the graph to read and the file to write: hoarfrost optimize IN.pb OUT.pb");
  expect_different(options.output, options.input);
  const auto chosen = chosen_passes(options);
  Optimization done;
  done.graph = tensorflow::read_graph(options.input);
  const Census before = census(done.graph);
  std::string proof;
  try {
    done.signature = signature_of(done.graph, options);
    passes::PassOptions passing;
    passing.batch = options.batch > 0 ? options.batch : kUnknown;
    passing.renames = options.renames;
    for (const auto& text : options.input_shapes) passing.input_shapes.push_back(parse_input_shape(text));
    run_passes(done, chosen, passing, !options.no_verify);
    if (!options.target.empty()) fit_target(done, targets::find_target(options.target), !options.no_verify);
    tensorflow::check_message_size(tensorflow::graph_n_bytes(done.graph), options.output);
    if (!options.no_verify) proof = prove(done, options.seed, options.threads);
  } catch (Error& error) {
    error.within(options.input.string());
    throw;
  }
  tensorflow::write_graph(done.graph, options.output);
  tell(options, done, before, proof);
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("IN", options->input, "A frozen graph: .pb or .pbtxt");
  app.add_option("OUT,-o,--output", options->output, "The graph to write: .pb, or .pbtxt for text");
  app.add_flag("--list", options->list, "List the passes in their order, and do nothing");
  app.add_option("--passes", options->passes, "Passes to run, comma-separated, instead of the usual ones")
      ->delimiter(',');
  add_target_option(app, options->target);
  app.add_option("--batch", options->batch, "Fixes the batch of every input")->check(kPositive);
  app.add_option(
      "--input-shape", options->input_shapes,
      "Fixes an input's shape, batch first: 1,224,224,3, or x=1,224,224,3 where there are several; ? stays open");
  app.add_option("--rename", options->renames,
                 "OLD=NEW: another name for a node, such as an input or output (any number of times)");
  app.add_option("--input-node", options->input_nodes,
                 "An input node (any number of times); without it all placeholders");
  app.add_option("--output-node", options->output_nodes,
                 "An output node (any number of times); without it all nodes that no other uses");
  app.add_flag("--no-verify", options->no_verify, "Do not run the graph before and after on random input");
  app.add_option("--seed", options->seed, "Seed of the random input of the proof")->capture_default_str();
  app.add_option("-t,--threads", options->threads, "Threads of the proof; 0: all that the process may use")
      ->capture_default_str()
      ->check(kNotNegative);
  app.add_flag("--json", options->as_json, "Print one JSON object: passes, ops, nodes_before, nodes, proof, files");
  app.footer(
      "Example:\n  hoarfrost optimize frozen.pb small.pb --batch 1\n  hoarfrost optimize frozen.pb half.pb --passes "
      "half_weights\n  hoarfrost optimize frozen.pb opencv.pb --target opencv\n  hoarfrost optimize --list");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_optimize{
    "optimize", "", "Frozen graph to a smaller one: passes by name, proven to keep what it computes", add_options};

}  // namespace hoarfrost::cli
