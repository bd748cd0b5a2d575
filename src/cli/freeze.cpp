// hoarfrost freeze MODEL -o F.pb: from a Keras model to a proven frozen graph in one step, nothing in between on disk.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/tensorflow.h>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/optimization.h"
#include "cli/report.h"
#include "cli/verification.h"
#include "tensorflow/message_size.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path output;
  std::string target;
  std::vector<std::string> renames;
  VerifyFlags verify;
  bool no_verify = false;
  bool as_json = false;
};

// Throws Error{kMismatch} that names the first layer that diverges: then nothing is written. Where weights are NaN or
// infinite, so are the layers' outputs, on which implementations differ: then a note says so.
void prove(const FrozenModel& frozen, const Options& options) {
  const auto nan_layers = note_nan_weights(frozen.lowered);
  const auto proof = evaluation::verify(frozen.lowered, frozen.graph, frozen.signature, options.verify.options());
  if (!proof.equal && !nan_layers.empty())
    return note(
        "with such weights the frozen graph cannot be proven equal to the model; it is written without a proof");
  if (!proof.equal) {
    throw Error(ErrorCode::kMismatch, options.model.path.string(),
                fmt::format("the frozen graph does not compute what the model does: {}; nothing was written",
                            divergence_text(proof)));
  }
  if (!options.as_json) fmt::print("{}\n", proof_text(proof));
}

void rename(graph::Graph& graph, const std::vector<std::string>& renames) {
  try {
    for (const auto& rename : renames) passes::rename(graph, rename);
  } catch (Error& error) {
    error.within("--rename");
    throw;
  }
}

void fit(FrozenModel& frozen, const Options& options) {
  try {
    const std::string proof = fit_target(frozen.graph, frozen.signature, options.target, !options.no_verify);
    if (!options.as_json && !proof.empty()) fmt::print("For {}: {}\n", options.target, proof);
  } catch (Error& error) {
    error.within(options.model.path.string());
    throw;
  }
}

int run(const Options& options) {
  expect_different(options.output, options.model.path);
  expect_different(options.output, options.model.weights);
  FrozenModel frozen = freeze_model(load_and_lower(options.model));
  tensorflow::check_message_size(tensorflow::graph_n_bytes(frozen.graph),
                                 options.output);  // before the proof takes its time
  if (!options.no_verify) prove(frozen, options);
  if (!options.target.empty()) fit(frozen, options);
  rename(frozen.graph, options.renames);
  tensorflow::write_graph(frozen.graph, options.output);
  const auto signature = report(frozen.graph, frozen.signature);
  if (options.as_json) {
    Json json{{"inputs", Json::array()},
              {"outputs", Json::array()},
              {"frozen_variables", frozen.n_frozen},
              {"files", {options.output.string()}}};
    for (const auto& input : signature.inputs) json["inputs"].push_back(to_json(input));
    for (const auto& output : signature.outputs) json["outputs"].push_back(to_json(output));
    print_json(json);
    return 0;
  }
  fmt::print("{}\nFroze {} variables into {} ({}, {} nodes).\n", to_text(signature), frozen.n_frozen,
             options.output.string(), size_text(std::filesystem::file_size(options.output)), frozen.graph.size());
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model.path,
                 "A complete .h5, a .keras, a TensorFlow.js model.json, or a JSON or YAML architecture with --weights")
      ->required();
  app.add_option("-o,--output", options->output, "The frozen graph: .pb, or .pbtxt for text")->required();
  add_model_options(app, options->model);
  add_recurrence_option(app, options->model);
  app.add_option("--rename", options->renames,
                 "OLD=NEW: another name for a node, such as an input or output (any number of times)");
  add_target_option(app, options->target);
  app.add_flag("--no-verify", options->no_verify, "Do not prove that the frozen graph computes what the model does");
  add_verify_flags(app, options->verify);
  app.add_flag("--json", options->as_json, "Print one JSON object: inputs, outputs, frozen_variables, files");
  app.footer(
      "Example:\n  hoarfrost freeze model.h5 -o frozen.pb\n  hoarfrost freeze model.json --weights weights.h5 -o "
      "frozen.pb --rename input_1=x");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_freeze{"freeze", "", "Keras model to frozen graph, proven equal, in one step", add_options};

}  // namespace hoarfrost::cli
