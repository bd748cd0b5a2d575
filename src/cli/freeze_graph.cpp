// hoarfrost freeze-graph, freeze_graph: TensorFlow's tool of that name, with its flags: a graph and a checkpoint to one
// frozen graph.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/tensorflow.h>

#include <set>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/optimization.h"
#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

// The names and defaults of TensorFlow's freeze_graph.py (1.15 and 2.15).
struct Options {
  std::filesystem::path input_graph;
  std::string input_saver;
  std::string input_checkpoint;
  int checkpoint_version = 2;
  std::filesystem::path output_graph;
  bool input_binary = false;
  std::string output_node_names;
  std::string restore_op_name = "save/restore_all";
  std::string filename_tensor_name = "save/Const:0";
  bool clear_devices = true;
  std::string initializer_nodes;
  std::string variable_names_allowlist;
  std::string variable_names_denylist;
  std::filesystem::path input_meta_graph;
  std::filesystem::path input_saved_model_dir;
  std::string saved_model_tags = "serve";
  std::string target;
  bool as_json = false;
};

std::vector<std::string> split(const std::string& names) {
  std::vector<std::string> result;
  for (size_t start = 0; start <= names.size();) {
    const size_t comma = std::min(names.find(',', start), names.size());
    const size_t first = names.find_first_not_of(" \t", start);
    if (first < comma) result.push_back(names.substr(first, names.find_last_not_of(" \t", comma - 1) + 1 - first));
    start = comma + 1;
  }
  return result;
}

[[noreturn]] void wrong(std::string_view message) { throw CLI::ValidationError(std::string(message)); }

struct Source {
  graph::Graph graph;
  graph::Variables variables;
  std::string restore_op;  // the node by which a Saver sets the graph's variables, where the graph has it
};

// Throws Error{kInvalidArgument} when the output would take the place of one of the checkpoint's files.
void expect_not_of_checkpoint(const std::filesystem::path& output, const std::filesystem::path& prefix) {
  const std::string stem = prefix.filename().string() + ".";
  const auto folder = prefix.has_parent_path() ? prefix.parent_path() : ".";
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    if (file.path().filename().string().starts_with(stem)) expect_different(output, file.path());
  }
}

// A graph, or a Keras model's architecture, for checkpoints whose graph nobody kept.
graph::Graph read_graph(const std::filesystem::path& path) {
  if (is_graph_file(path)) return tensorflow::read_graph(path);
  keras::LoadOptions loading;
  loading.architecture_only = true;
  const auto model = keras::load(path, loading);
  try {
    return std::move(keras::lower(*model).graph);
  } catch (Error& error) {
    error.within(path.string());
    throw;
  }
}

Source read_source(const Options& options) {
  Source source;
  if (!options.input_saved_model_dir.empty()) {
    auto saved = tensorflow::read_saved_model(options.input_saved_model_dir, options.saved_model_tags);
    source.variables = tensorflow::read_variables(saved);
    source.graph = std::move(saved.meta_graph.graph);
    source.restore_op = saved.meta_graph.restore_op_name;
    return source;
  }
  if (options.input_checkpoint.empty()) wrong("Input checkpoint '' doesn't exist! Give --input_checkpoint=PREFIX");
  if (options.input_meta_graph.empty() && options.input_graph.empty()) {
    wrong("give the graph: --input_graph, --input_meta_graph or --input_saved_model_dir");
  }
  if (options.input_meta_graph.empty()) {
    source.graph = read_graph(options.input_graph);
    source.restore_op = options.input_saver.empty() ? options.restore_op_name
                                                    : tensorflow::read_saver(options.input_saver).restore_op_name;
  } else {
    auto meta_graph = tensorflow::read_meta_graph(options.input_meta_graph);
    source.graph = std::move(meta_graph.graph);
    source.restore_op = meta_graph.restore_op_name;
  }
  const auto prefix = tensorflow::checkpoint_prefix(options.input_checkpoint);
  expect_not_of_checkpoint(options.output_graph, prefix);
  source.variables = tensorflow::read_checkpoint(prefix);
  return source;
}

// The file that the graph was read from.
std::filesystem::path path_of_graph(const Options& options) {
  if (!options.input_saved_model_dir.empty()) return options.input_saved_model_dir;
  return options.input_meta_graph.empty() ? options.input_graph : options.input_meta_graph;
}

bool is_variable(const graph::Node& node) {
  return node.op() == "VariableV2" || node.op() == "Variable" || node.op() == "VarHandleOp";
}

// A Saver may save variables under other names, or parts of one under the whole's: then the checkpoint has not all
// variables' names, and the graph's own restoring nodes say which value is whose.
void restore(Source& source, const Options& options) {
  const graph::Node* restore_op = source.graph.find(source.restore_op);
  if (restore_op == nullptr || restore_op->op() != "NoOp") return;
  const auto is_missing = [&](const auto& node) {
    return is_variable(*node) && !source.variables.contains(node->name());
  };
  if (!std::ranges::any_of(source.graph.nodes(), is_missing)) return;
  try {
    passes::run_initializers(source.graph, source.variables, {source.restore_op});
  } catch (Error& error) {
    error.within(path_of_graph(options).string());
    throw;
  }
}

// What is part of the outputs and no constant can hold: the frozen graph's user has to fill it.
void name_tables(const graph::Graph& graph) {
  for (const auto& node : graph.nodes()) {
    const std::string& op = node->op();
    if (op.find("HashTable") == std::string::npos) continue;
    note(fmt::format("node `{}` ({}): a table's contents are not frozen; whoever runs the graph has to initialise it",
                     node->name(), op));
  }
}

std::vector<std::string> resolve_outputs(const graph::Graph& graph, const Options& options) {
  std::vector<std::string> outputs;
  for (const auto& name : split(options.output_node_names))
    outputs.push_back(resolve(graph, name, path_of_graph(options)).node->name());
  return outputs;
}

// Errors name the graph's file.
int freeze(Source& source, const passes::FreezeOptions& freezing, const Options& options) {
  try {
    return passes::freeze(source.graph, source.variables, freezing);
  } catch (Error& error) {
    error.within(path_of_graph(options).string());
    throw;
  }
}

// The placeholders are what it is called with.
void fit(graph::Graph& graph, const std::vector<std::string>& outputs, const Options& options) {
  graph::Signature signature;
  for (const auto& node : graph.nodes()) {
    if (node->op() == "Placeholder" || node->op() == "PlaceholderWithDefault")
      signature.inputs.push_back(node->output());
  }
  for (const auto& output : outputs) signature.outputs.push_back(graph::resolve(graph, output));
  try {
    fit_target(graph, signature, options.target, true);
  } catch (Error& error) {
    error.within(path_of_graph(options).string());
    throw;
  }
}

// A SavedModel's signatures say which nodes are meant.
[[noreturn]] void wrong_without_outputs(const Options& options) {
  std::string said;
  if (!options.input_saved_model_dir.empty()) {
    const auto saved = tensorflow::read_saved_model(options.input_saved_model_dir, options.saved_model_tags);
    for (const auto& [signature, names] : saved.meta_graph.signatures) {
      if (signature.starts_with("__")) continue;  // __saved_model_init_op, which is TensorFlow's own
      for (const auto& [key, tensor] : names.outputs)
        said += fmt::format("{} `{}` gives `{}` as `{}`", said.empty() ? ":" : ",", signature, tensor, key);
    }
  }
  wrong("You need to supply the name of a node to --output_node_names" + said);
}

int run(const Options& options) {
  if (options.output_node_names.empty()) wrong_without_outputs(options);
  if (options.output_graph.empty()) wrong("You need to supply the name of the file to write: --output_graph");
  if (options.checkpoint_version != 1 && options.checkpoint_version != 2) {
    wrong(fmt::format("Invalid checkpoint version (must be '1' or '2'): {}", options.checkpoint_version));
  }
  expect_different(options.output_graph, options.input_graph);
  expect_different(options.output_graph, options.input_meta_graph);
  Source source = read_source(options);
  passes::FreezeOptions freezing;
  freezing.outputs = resolve_outputs(source.graph, options);
  freezing.allowlist = split(options.variable_names_allowlist);
  freezing.denylist = split(options.variable_names_denylist);
  freezing.freeze_functions = tensorflow::freeze_functions;
  restore(source, options);
  // TensorFlow's tool imports a MetaGraph without its devices, whatever the flag says.
  if (options.clear_devices || !options.input_meta_graph.empty()) passes::clear_devices(source.graph);
  if (const auto initializers = split(options.initializer_nodes); !initializers.empty()) {
    passes::run_initializers(source.graph, source.variables, initializers);
  }
  const int n_frozen = freeze(source, freezing, options);
  if (!options.target.empty()) fit(source.graph, freezing.outputs, options);
  name_tables(source.graph);
  tensorflow::write_graph(source.graph, options.output_graph, tensorflow::Encoding::kBinary);
  // TensorFlow 1.x said the first two through its log, on stderr, and the last on stdout.
  fmt::print(stderr, "INFO:tensorflow:Froze {} variables.\nINFO:tensorflow:Converted {} variables to const ops.\n",
             n_frozen, n_frozen);
  if (options.as_json) {
    print_json({{"outputs", freezing.outputs},
                {"frozen_variables", n_frozen},
                {"nodes", source.graph.size()},
                {"files", {options.output_graph.string()}}});
  } else {
    fmt::print("{} ops in the final graph.\n", source.graph.size());
  }
  return 0;
}

// A flag as argparse takes TensorFlow's: bare, =true, =false, or followed by true or false.
void add_bool(CLI::App& app, const std::string& names, bool& value, const std::string& text) {
  app.add_option_function<std::string>(
         names,
         [&value, names](const std::string& given) {
           if (given != "true" && given != "True" && given != "1" && given != "false" && given != "False" &&
               given != "0") {
             wrong(fmt::format("{}: expected true or false, found `{}`", names.substr(0, names.find(',')), given));
           }
           value = given == "true" || given == "True" || given == "1";
         },
         text)
      ->expected(0, 1)
      ->default_str("true")
      ->type_name("BOOL");
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--input_graph,--input-graph", options->input_graph,
                 "TensorFlow GraphDef to load: .pb or .pbtxt, recognised by what it holds; a Keras model too (JSON, "
                 ".h5, .keras), for checkpoints without a graph");
  app.add_option("--input_saver,--input-saver", options->input_saver,
                 "TensorFlow saver file (SaverDef, binary or text): names the node that restores the variables");
  app.add_option("--input_checkpoint,--input-checkpoint", options->input_checkpoint,
                 "Prefix of the checkpoint with the variables' values");
  app.add_option("--checkpoint_version,--checkpoint-version", options->checkpoint_version,
                 "TensorFlow variable file format, 1 or 2; the file is recognised all the same, V2 first")
      ->capture_default_str();
  app.add_option("--output_graph,--output-graph", options->output_graph, "The frozen GraphDef to write");
  add_bool(app, "--input_binary,--input-binary", options->input_binary,
           "Whether the input files are binary; they are recognised all the same");
  app.add_option("--output_node_names,--output-node-names", options->output_node_names,
                 "The output nodes, comma-separated; layer names and name:0 are taken too");
  app.add_option(
         "--restore_op_name,--restore-op-name", options->restore_op_name,
         "The node that restores the variables, asked where the checkpoint has other names than the graph's variables")
      ->capture_default_str();
  app.add_option("--filename_tensor_name,--filename-tensor-name", options->filename_tensor_name,
                 "Unused: the checkpoint is read directly")
      ->capture_default_str();
  add_bool(app, "--clear_devices,--clear-devices", options->clear_devices,
           "Whether to remove device specifications (default true)");
  app.add_option("--initializer_nodes,--initializer-nodes", options->initializer_nodes,
                 "Nodes to run after the checkpoint is restored, comma-separated");
  app.add_option("--variable_names_whitelist,--variable_names_allowlist,--variable-names-whitelist",
                 options->variable_names_allowlist, "Variables to freeze, comma-separated; without it all are");
  app.add_option("--variable_names_blacklist,--variable_names_denylist,--variable-names-blacklist",
                 options->variable_names_denylist, "Variables to leave as they are, comma-separated");
  app.add_option("--input_meta_graph,--input-meta-graph", options->input_meta_graph,
                 "MetaGraphDef (.meta) to load instead of --input_graph");
  app.add_option("--input_saved_model_dir,--input-saved-model-dir", options->input_saved_model_dir,
                 "SavedModel folder to load instead");
  app.add_option("--saved_model_tags,--saved-model-tags", options->saved_model_tags,
                 "Tags of the SavedModel's MetaGraph, comma-separated")
      ->capture_default_str();
  add_target_option(app, options->target);
  app.add_flag("--json", options->as_json, "Print one JSON object: outputs, frozen_variables, nodes, files");
  app.footer(
      "Example:\n  freeze_graph --input_graph=tf_graph.pb --input_checkpoint=tfchkpt.ckpt --input_binary=true \\\n"
      "               --output_graph=frozen.pb --output_node_names=dense_2/Softmax");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_freeze_graph{"freeze-graph", "freeze_graph",
                                   "TensorFlow graph and checkpoint to frozen graph (TensorFlow's freeze_graph)",
                                   add_options};

}  // namespace hoarfrost::cli
