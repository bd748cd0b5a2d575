// hoarfrost verify MODEL FROZEN.pb: layer by layer, does the frozen graph compute what the Keras model does?
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/error.h>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/verification.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path frozen;
  std::vector<std::string> input_nodes;
  std::vector<std::string> output_nodes;
  VerifyFlags verify;
  bool as_json = false;
};

std::vector<std::string> row(const evaluation::Comparison& c) {
  return {c.name,
          c.class_name,
          fmt::format("{:.1e}", c.max_abs),
          fmt::format("{:.1e}", c.max_rel),
          std::to_string(c.n_compared),
          std::to_string(c.n_elements),
          c.equal ? "yes" : "NO"};
}

// The graph's endpoints of the model's own names, where it has them all: the order in the file need not be the model's.
void follow_names(std::vector<graph::Endpoint>& found, const std::vector<graph::Endpoint>& model,
                  const graph::Graph& graph) {
  std::vector<graph::Endpoint> named;
  for (const auto& endpoint : model) {
    if (graph::Node* node = graph.find(endpoint.node->name())) named.push_back(node->output(endpoint.index));
  }
  if (named.size() == model.size()) found = std::move(named);
}

int run(const Options& options) {
  const keras::Lowered lowered = load_and_lower(options.model);
  if (!is_graph_file(options.frozen))
    throw Error(ErrorCode::kInvalidArgument, options.frozen.string(), "expected a frozen graph (.pb or .pbtxt)");
  ModelSource graph_file;
  graph_file.path = options.frozen;
  Runnable frozen = load_runnable(graph_file, options.input_nodes, options.output_nodes);
  if (options.input_nodes.empty()) follow_names(frozen.signature.inputs, lowered.signature.inputs, frozen.graph);
  if (options.output_nodes.empty()) follow_names(frozen.signature.outputs, lowered.signature.outputs, frozen.graph);
  const auto proof = evaluation::verify(lowered, frozen.graph, frozen.signature, options.verify.options());
  if (options.as_json) {
    print_json(to_json(proof));
  } else {
    std::vector<std::vector<std::string>> rows;
    for (const auto& layer : proof.layers) rows.push_back(row(layer));
    for (const auto& output : proof.outputs) rows.push_back(row(output));
    fmt::print("{}", table({"layer", "class", "max abs", "max rel", "compared", "elements", "equal"}, rows));
    if (!proof.not_found.empty())
      note(fmt::format("the graph has no node of the names of layers {}; they are proven by what follows them",
                       fmt::join(proof.not_found, ", ")));
    fmt::print("{}\n", proof.equal ? proof_text(proof) : divergence_text(proof));
  }
  return proof.equal ? 0 : 1;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model.path, "The Keras model: .h5, .keras, or JSON with --weights")->required();
  app.add_option("FROZEN", options->frozen, "The frozen graph, ours or TensorFlow's")->required();
  add_model_options(app, options->model);
  app.add_option("--input_node,--input-node", options->input_nodes,
                 "The graph's inputs in the model's order (default: those of its names, else the placeholders)")
      ->delimiter(',');
  app.add_option("--output_node,--output-node", options->output_nodes,
                 "The graph's outputs in the model's order (default: those of its names, else what nobody uses)")
      ->delimiter(',');
  add_verify_flags(app, options->verify);
  app.add_flag("--json", options->as_json, "Print one JSON object: layers, outputs, equal");
  app.footer("Exit status 0: equal; 1: they differ.\nExample:\n  hoarfrost verify model.h5 frozen.pb");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_verify{"verify", "", "Is the frozen graph the same function as the Keras model? Layer by layer",
                             add_options};

}  // namespace hoarfrost::cli
