// hoarfrost export MODEL --format savedmodel|onnx: the other ways out.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/onnx.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/report.h"
#include "cli/verification.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::string format;
  std::filesystem::path output;
  onnx::Options onnx;
  VerifyFlags verify;
  bool no_verify = false;
  bool as_json = false;
};

// As freeze does it: the graph that is exported, frozen, against the model's layers. Nothing is written when it fails.
void prove(const FrozenModel& frozen, const Options& options) {
  if (options.no_verify) return;
  const auto nan_layers = note_nan_weights(frozen.lowered);
  const auto proof = evaluation::verify(frozen.lowered, frozen.graph, frozen.signature, options.verify.options());
  if (!proof.equal && !nan_layers.empty())
    return note("with such weights the graph cannot be proven equal to the model; it is written without a proof");
  if (!proof.equal) {
    throw Error(
        ErrorCode::kMismatch, options.model.path.string(),
        fmt::format("the graph does not compute what the model does: {}; nothing was written", divergence_text(proof)));
  }
  if (!options.as_json) fmt::print("{}\n", proof_text(proof));
}

// Keras' own names: an input's layer, an output's layer; a second output of one layer is told apart by a number.
std::vector<tensorflow::SignatureTensor> keyed(const keras::Lowered& lowered, const graph::Graph& graph,
                                               const std::vector<EndpointReport>& endpoints, bool outputs) {
  std::vector<tensorflow::SignatureTensor> result;
  for (const auto& endpoint : endpoints) {
    std::string key = endpoint.name;
    for (const auto& call : lowered.calls) {
      if (outputs && std::ranges::find(call.outputs, endpoint.name) != call.outputs.end()) key = call.layer_name;
    }
    std::string unique = key;
    const auto is_taken = [&](const auto& other) { return other.key == unique; };
    for (int i = 1; std::ranges::any_of(result, is_taken); ++i) unique = fmt::format("{}_{}", key, i);
    result.push_back({unique, graph::resolve(graph, endpoint.name), endpoint.dtype, endpoint.shape});
  }
  return result;
}

std::vector<std::filesystem::path> export_saved_model(FrozenModel& frozen, const SignatureReport& signature,
                                                      const Options& options) {
  keras::Lowered& lowered = frozen.lowered;
  passes::use_resource_variables(lowered.graph);
  if (!lowered.variable_names.empty()) tensorflow::add_saver(lowered.graph, lowered.variable_names);
  tensorflow::SavedModelContents contents;
  contents.inputs = keyed(lowered, lowered.graph, signature.inputs, false);
  contents.outputs = keyed(lowered, lowered.graph, signature.outputs, true);
  contents.variables = lowered.variable_names;
  contents.trainable = lowered.trainable_names;
  return tensorflow::write_saved_model(lowered.graph, lowered.variables, contents, options.output);
}

// A Keras model is proven; a graph is taken as it is.
int run(const Options& options) {
  expect_different(options.output, options.model.path);
  expect_different(options.output, options.model.weights);
  const bool is_onnx = options.format == "onnx";
  const bool is_graph = is_graph_file(options.model.path);
  if (is_graph && !is_onnx) {
    throw Error(ErrorCode::kUnsupported, options.model.path.string(),
                "a SavedModel keeps variables, and a frozen graph has none; export the Keras model");
  }
  FrozenModel frozen;
  Runnable runnable;
  if (is_graph) {
    runnable = load_runnable(options.model, {}, {});
  } else {
    frozen = freeze_model(load_and_lower(options.model));
    prove(frozen, options);
  }
  const graph::Graph& graph = is_graph ? runnable.graph : frozen.graph;
  const graph::Signature& endpoints = is_graph ? runnable.signature : frozen.signature;
  const auto signature = report(graph, endpoints);
  std::vector<std::filesystem::path> files;
  if (is_onnx) {
    try {
      files = onnx::write_model(graph, endpoints, options.output, options.onnx).files;
    } catch (Error& error) {
      if (error.code() == ErrorCode::kUnsupported) error.within(options.model.path.string());
      throw;
    }
  } else {
    files = export_saved_model(frozen, signature, options);
  }
  Json names = Json::array();
  for (const auto& file : files) names.push_back(file.string());
  if (options.as_json) {
    Json json{{"format", options.format}, {"inputs", Json::array()}, {"outputs", Json::array()}, {"files", names}};
    for (const auto& input : signature.inputs) json["inputs"].push_back(to_json(input));
    for (const auto& output : signature.outputs) json["outputs"].push_back(to_json(output));
    print_json(json);
    return 0;
  }
  fmt::print("{}\n", to_text(signature));
  for (const auto& file : files) fmt::print("{} ({})\n", file.string(), size_text(std::filesystem::file_size(file)));
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model.path,
                 "A complete .h5, a .keras, a TensorFlow.js model.json, or a JSON or YAML architecture with --weights; "
                 "for onnx a frozen graph too")
      ->required();
  app.add_option("--format", options->format,
                 "savedmodel: a folder with variables, for TensorFlow 1, 2 and Serving; onnx: one .onnx file")
      ->required()
      ->check(CLI::IsMember({"savedmodel", "onnx"}));
  app.add_option("-o,--output", options->output, "The SavedModel's folder, or the .onnx file")->required();
  app.add_option("--opset", options->onnx.opset, "ONNX' version of operations, 13 to 18")
      ->check(CLI::Range(onnx::kFirstOpset, onnx::kLastOpset))
      ->capture_default_str();
  app.add_flag("--external-data", options->onnx.external_data,
               "ONNX: weights into NAME.onnx.data beside the model, as models over 2 GiB have to");
  add_model_options(app, options->model);
  add_recurrence_option(app, options->model);
  app.add_flag("--no-verify", options->no_verify, "Do not prove that the graph computes what the model does");
  add_verify_flags(app, options->verify);
  app.add_flag("--json", options->as_json, "Print one JSON object: format, inputs, outputs, files");
  app.footer(
      "The graph is proven against the Keras model before anything is written. ONNX' nodes are translated from that "
      "graph one by one, and are\n"
      "not run here: an operation that ONNX has not is refused by name. Inputs keep TensorFlow's layout (NHWC).\n"
      "Examples:\n  hoarfrost export model.h5 --format savedmodel -o serving/1\n  hoarfrost export model.h5 --format "
      "onnx -o model.onnx --opset 15");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_export_model{"export", "", "Keras model to a TensorFlow SavedModel or an ONNX model",
                                   add_options};

}  // namespace hoarfrost::cli
