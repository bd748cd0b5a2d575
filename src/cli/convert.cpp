// hoarfrost convert, keras_2_tf: a Keras model to a TensorFlow checkpoint and an inference graph, as the tutorials'
// script.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <iterator>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/report.h"
#include "cli/verification.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  std::filesystem::path keras_json;
  std::filesystem::path keras_hdf5 = "./model.hdf5";
  std::filesystem::path checkpoint = "./tfchkpt.ckpt";
  std::filesystem::path graph = "./tf_graph.pb";
  bool as_json = false;
};

// With -kj the .hdf5 holds the weights, without it the complete model; MODEL and --weights say the same by position.
ModelSource source_of(const Options& options) {
  ModelSource source = options.model;
  if (!source.path.empty()) return source;
  const bool has_json = !options.keras_json.empty();
  source.path = has_json ? options.keras_json : options.keras_hdf5;
  if (has_json && source.weights.empty()) source.weights = options.keras_hdf5;
  return source;
}

std::string tensor_text(const EndpointReport& endpoint) {
  std::string shape = endpoint.shape.to_string();
  shape.front() = '(';
  shape.back() = ')';
  return fmt::format("{}{} shape={} dtype={}", endpoint.name, endpoint.name.find(':') == std::string::npos ? ":0" : "",
                     shape, dtype_name(endpoint.dtype));
}

std::string joined(const std::vector<EndpointReport>& endpoints) {
  std::string text;
  for (const auto& endpoint : endpoints) text += (text.empty() ? "" : ", ") + tensor_text(endpoint);
  return text;
}

// Removes what was written when the rest cannot be: a checkpoint without its graph is of no use. Files that stood there
// before stay, whatever is in them now.
class NewFiles {
 public:
  explicit NewFiles(const std::vector<std::filesystem::path>& paths) {
    std::ranges::copy_if(paths, std::back_inserter(paths_),
                         [](const auto& path) { return !std::filesystem::exists(path); });
  }
  NewFiles(const NewFiles&) = delete;
  NewFiles& operator=(const NewFiles&) = delete;
  ~NewFiles() {
    std::error_code ignored;
    for (const auto& path : paths_) std::filesystem::remove(path, ignored);
  }
  void keep() { paths_.clear(); }

 private:
  std::vector<std::filesystem::path> paths_;
};

int run(const Options& options) {
  const ModelSource source = source_of(options);
  expect_different(options.graph, source.path);
  expect_different(options.graph, source.weights);
  FrozenModel frozen = freeze_model(load_and_lower(source));  // its ops say the types and shapes
  keras::Lowered& lowered = frozen.lowered;
  note_nan_weights(lowered);
  const auto signature = report(frozen.graph, frozen.signature);
  tensorflow::add_saver(lowered.graph, lowered.variable_names);
  const std::string prefix = options.checkpoint.string();
  const std::filesystem::path meta = prefix + ".meta";
  NewFiles written({options.graph, meta, prefix + ".index", prefix + ".data-00000-of-00001",
                    options.checkpoint.parent_path() / "checkpoint"});
  auto files = tensorflow::write_checkpoint(lowered.variables, options.checkpoint);
  tensorflow::write_meta_graph(lowered.graph, lowered.variable_names, lowered.trainable_names, meta);
  tensorflow::write_graph(lowered.graph, options.graph);
  written.keep();
  files.push_back(meta);
  files.push_back(options.graph);
  if (options.as_json) {
    Json json{{"inputs", Json::array()},
              {"outputs", Json::array()},
              {"variables", lowered.variables.size()},
              {"files", Json::array()}};
    for (const auto& input : signature.inputs) json["inputs"].push_back(to_json(input));
    for (const auto& output : signature.outputs) json["outputs"].push_back(to_json(output));
    for (const auto& file : files) json["files"].push_back(file.string());
    print_json(json);
    return 0;
  }
  fmt::print("Keras model information:\n Input names : [{}]\n Output names: [{}]\n", joined(signature.inputs),
             joined(signature.outputs));
  fmt::print("TensorFlow information:\n Variables      : {}\n Checkpoint path: {}\n Inference graph: {}\n",
             lowered.variables.size(), options.checkpoint.string(), options.graph.string());
  std::vector<std::vector<std::string>> rows;
  for (const auto& file : files) rows.push_back({file.string(), size_text(std::filesystem::file_size(file))});
  fmt::print("{}", table({"file", "size"}, rows));
  return 0;
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("MODEL", options->model.path,
                 "A complete .h5, a .keras, a TensorFlow.js model.json, or a JSON or YAML architecture with --weights");
  add_model_options(app, options->model);
  add_recurrence_option(app, options->model);
  app.add_option("--keras_json", options->keras_json,
                 "-kj: the JSON architecture; without it the HDF5 file is a complete model");
  app.add_option("--keras_hdf5", options->keras_hdf5, "-kh: the HDF5 file: a complete model, or the weights of -kj")
      ->capture_default_str();
  app.add_option("--checkpoint,--tfckpt,--tf_ckpt", options->checkpoint, "-tfc, -tf: the checkpoint's prefix")
      ->capture_default_str();
  app.add_option("--graph,--tf_graph", options->graph, "-tfg: the inference graph: .pb, or .pbtxt for text")
      ->capture_default_str();
  app.add_flag("--json", options->as_json, "Print one JSON object: inputs, outputs, variables, files");
  app.footer(
      "Example:\n  hoarfrost convert model.h5 --checkpoint out/tfchkpt.ckpt --graph out/tf_graph.pb\n"
      "  keras_2_tf -kj model.json -kh weights.h5 -tfc out/tfchkpt.ckpt -tfg out/tf_graph.pb");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_convert{"convert",
                              "keras_2_tf",
                              "Keras model to TensorFlow checkpoint and inference graph",
                              add_options,
                              {{"-kj", "--keras_json"},
                               {"-kh", "--keras_hdf5"},
                               {"-tfc", "--tfckpt"},
                               {"-tf", "--tf_ckpt"},
                               {"-tfg", "--tf_graph"}}};

}  // namespace hoarfrost::cli
