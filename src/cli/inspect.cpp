// hoarfrost inspect: what a person would ask of any file that Hoarfrost reads.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <hoarfrost/tensorflow.h>

#include <map>

#include "cli/command.h"
#include "cli/model_source.h"
#include "cli/report.h"
#include "keras/stored_weights.h"
#include "keras/summary.h"
#include "ops/op.h"

namespace hoarfrost::cli {
namespace {

struct Options {
  ModelSource model;
  bool as_json = false;
};

Json shape_json(const Shape& shape) {
  Json sizes = Json::array();
  for (const int64_t size : shape.sizes()) sizes.push_back(size < 0 ? Json(nullptr) : Json(size));
  return shape.has_rank() ? sizes : Json(nullptr);
}

std::string shapes_text(const keras::Shapes& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + shape.to_string();
  return text;
}

// Keras' summary().
int show_model(const keras::Model& model, const Options& options) {
  const keras::Summary summary = keras::summarize(model);
  int64_t n_parameters = 0;
  int64_t n_trainable = 0;
  std::vector<std::vector<std::string>> rows;
  Json layers = Json::array();
  for (const auto& row : summary.rows) {
    n_parameters += row.n_parameters;
    n_trainable += row.n_trainable;
    rows.push_back({row.name, row.class_name, shapes_text(row.outputs), std::to_string(row.n_parameters),
                    fmt::format("{}", fmt::join(row.connected_to, ", "))});
    Json outputs = Json::array();
    for (const Shape& shape : row.outputs) outputs.push_back(shape_json(shape));
    layers.push_back({{"name", row.name},
                      {"class_name", row.class_name},
                      {"outputs", outputs},
                      {"parameters", row.n_parameters},
                      {"connected_to", row.connected_to}});
  }
  if (options.as_json) {
    print_json({{"kind", "Keras model"},
                {"name", summary.name},
                {"class_name", summary.class_name},
                {"keras_version", fmt::format("{}.{}", summary.version.major, summary.version.minor)},
                {"layers", layers},
                {"parameters", n_parameters},
                {"trainable_parameters", n_trainable}});
    return 0;
  }
  fmt::print("Keras model `{}` ({}), Keras {}.{}\n\n{}\n", summary.name, summary.class_name, summary.version.major,
             summary.version.minor, table({"layer", "class", "output shape", "parameters", "connected to"}, rows));
  fmt::print("Total parameters: {} ({})\nTrainable: {}\nNon-trainable: {}\n", n_parameters,
             size_text(static_cast<uint64_t>(n_parameters) * 4), n_trainable, n_parameters - n_trainable);
  return 0;
}

int show_tensors(const std::string& kind, const std::vector<std::pair<std::string, Tensor>>& tensors,
                 const Options& options) {
  std::vector<std::vector<std::string>> rows;
  Json json = Json::array();
  uint64_t n_bytes = 0;
  for (const auto& [name, tensor] : tensors) {
    n_bytes += tensor.n_bytes();
    rows.push_back(
        {name, std::string(dtype_name(tensor.dtype())), tensor.shape().to_string(), size_text(tensor.n_bytes())});
    json.push_back({{"name", name}, {"dtype", dtype_name(tensor.dtype())}, {"shape", shape_json(tensor.shape())}});
  }
  if (options.as_json)
    print_json({{"kind", kind}, {"tensors", json}});
  else
    fmt::print("{}: {} tensors, {}\n\n{}", kind, tensors.size(), size_text(n_bytes),
               table({"tensor", "type", "shape", "size"}, rows));
  return 0;
}

// Layers and shapes, and the architecture that would fit.
int show_weights(const keras::StoredWeights& stored, const Options& options) {
  std::vector<std::vector<std::string>> rows;
  Json layers = Json::array();
  int64_t n_parameters = 0;
  for (const keras::StoredLayer& layer : stored.layers) {
    std::string shapes;
    Json weights = Json::array();
    for (const keras::StoredWeight& weight : layer.weights) {
      n_parameters += weight.shape.n_elements();
      shapes += fmt::format("{}{} {}", shapes.empty() ? "" : ", ", weight.name, weight.shape.to_string());
      weights.push_back(
          {{"name", weight.name}, {"dtype", dtype_name(weight.dtype)}, {"shape", shape_json(weight.shape)}});
    }
    rows.push_back({layer.name, layer.class_name.empty() ? "?" : layer.class_name, shapes});
    layers.push_back({{"name", layer.name}, {"class_name", layer.class_name}, {"weights", weights}});
  }
  const keras::ImpliedArchitecture implied = keras::implied_architecture(
      stored, options.model.input_shapes.empty() ? Shape::unknown_rank()
                                                 : parse_input_shape(options.model.input_shapes[0]).second);
  if (options.as_json) {
    Json architecture = implied.json.empty() ? Json() : Json::parse(implied.json);
    print_json({{"kind", "Keras weights"},
                {"layout", stored.layout},
                {"has_order", stored.has_order},
                {"layers", layers},
                {"parameters", n_parameters},
                {"architecture", std::move(architecture)},
                {"assumed", implied.assumed},
                {"why_no_architecture", implied.why_not}});
    return 0;
  }
  fmt::print("Keras weights without an architecture, in the layout of {}{}\n\n{}\nTotal parameters: {}\n\n",
             stored.layout, stored.has_order ? "" : " (the file does not say the layers' order)",
             table({"layer", "class", "weights"}, rows), n_parameters);
  if (implied.json.empty()) {
    fmt::print(
        "No one architecture is implied: {}.\nAsk for its author's model.to_json(), for `freeze MODEL.json --weights "
        "{}`.\n",
        implied.why_not, options.model.path.string());
    return 0;
  }
  fmt::print(
      "A chain of layers that these weights fit, for `freeze MODEL.json --weights {}`. It assumes what no weight "
      "tells:\n",
      options.model.path.string());
  for (const std::string& text : implied.assumed) fmt::print("- {}\n", text);
  fmt::print("\n{}\n", implied.json);
  return 0;
}

// What a node says of itself: a Placeholder's type and shape.
EndpointReport declared(const graph::Node& node) {
  const char* key = node.has("dtype") ? "dtype" : "T";
  return {node.name(), node.get_or<DType>(key, DType::kInvalid), node.get_or<Shape>("shape", Shape::unknown_rank())};
}

// Node by node, as far as the graph's ops are known and hold no variables.
std::vector<EndpointReport> describe(const graph::Graph& graph, const std::vector<graph::Node*>& nodes) {
  ops::KnownMap known;
  try {
    known = ops::infer(graph);
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kUnsupported) throw;  // leaves the shapes open, and no more
  }
  std::vector<EndpointReport> result;
  for (graph::Node* node : nodes) {
    const auto found = known.find(node->output());
    result.push_back(found == known.end() ? declared(*node)
                                          : EndpointReport{node->name(), found->second.dtype, found->second.shape});
  }
  return result;
}

int show_graph(const std::string& kind, const graph::Graph& graph, const Options& options) {
  std::map<std::string, int> ops;
  uint64_t n_constant_bytes = 0;
  std::vector<graph::Node*> inputs;
  Json variables = Json::array();
  for (const auto& node : graph.nodes()) {
    ++ops[node->op()];
    if (node->op() == "Const") n_constant_bytes += node->value().n_bytes();
    if (node->op() == "Placeholder" || node->op() == "PlaceholderWithDefault") inputs.push_back(node.get());
    if (node->op() == "VariableV2" || node->op() == "Variable" || node->op() == "VarHandleOp")
      variables.push_back(node->name());
  }
  const SignatureReport signature{describe(graph, inputs), describe(graph, graph::terminal_nodes(graph))};
  if (options.as_json) {
    Json json{{"kind", kind},
              {"nodes", graph.size()},
              {"producer", graph.producer},
              {"inputs", Json::array()},
              {"outputs", Json::array()},
              {"ops", ops},
              {"variables", variables}};
    for (const auto& input : signature.inputs) json["inputs"].push_back(to_json(input));
    for (const auto& output : signature.outputs) json["outputs"].push_back(to_json(output));
    print_json(json);
    return 0;
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& [op, count] : ops) rows.push_back({op, std::to_string(count)});
  fmt::print("{}: {} nodes, {} of constants, producer version {}{}\n\n{}\n{}", kind, graph.size(),
             size_text(n_constant_bytes), graph.producer,
             variables.empty() ? ", frozen" : fmt::format(", {} variables", variables.size()), to_text(signature),
             table({"op", "nodes"}, rows));
  return 0;
}

bool is_checkpoint(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  if (name == "checkpoint" || path.extension() == ".index") return true;
  return std::filesystem::exists(path.string() + ".index");
}

int run(const Options& options) {
  const auto& path = options.model.path;
  if (is_checkpoint(path)) {
    const auto variables = tensorflow::read_checkpoint(tensorflow::checkpoint_prefix(path));
    return show_tensors("TensorFlow checkpoint", {variables.begin(), variables.end()}, options);
  }
  if (std::filesystem::is_directory(path)) {
    return show_graph("SavedModel", tensorflow::read_saved_model(path).meta_graph.graph, options);
  }
  if (path.extension() == ".npz" || path.extension() == ".npy") {
    std::vector<std::pair<std::string, Tensor>> arrays;
    for (const auto& [name, value] : data::read_npz(path)) arrays.emplace_back(name, value);
    return show_tensors("NumPy arrays", arrays, options);
  }
  if (path.extension() == ".meta") return show_graph("MetaGraph", tensorflow::read_meta_graph(path).graph, options);
  if (is_graph_file(path)) return show_graph("TensorFlow graph", tensorflow::read_graph(path), options);
  if (const auto stored = keras::weights_without_architecture(path)) return show_weights(*stored, options);
  keras::LoadOptions loading = load_options(options.model);
  loading.architecture_only = true;
  return show_model(*keras::load(path, loading), options);
}

Action add_options(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("FILE", options->model.path,
                 "A Keras .h5 (weights alone, too), .json or .keras, a graph .pb, .pbtxt or .meta, a checkpoint's "
                 "prefix, a SavedModel folder, an .npz")
      ->required();
  app.add_option("--input-shape", options->model.input_shapes,
                 "Fixes an input's shape, batch first: 1,224,224,3, or input_1=1,224,224,3 where there are several");
  add_custom_options(app, options->model);
  app.add_flag("--json", options->as_json, "Print one JSON object");
  app.footer(
      "Example:\n  hoarfrost inspect model.h5\n  hoarfrost inspect frozen.pb\n  hoarfrost inspect out/tfchkpt.ckpt");
  return [options] { return run(*options); };
}

}  // namespace

const Command command_inspect{
    "inspect", "", "What is in a file: Keras' summary, a graph's ops, inputs, outputs and variables", add_options};

}  // namespace hoarfrost::cli
