// The options by which every command takes a Keras model, and how it becomes a graph.
#pragma once

#include <hoarfrost/keras.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace hoarfrost::cli {

struct ModelSource {
  std::filesystem::path path;
  std::filesystem::path weights;
  std::vector<std::string> input_shapes;  // "1,32,32,3" or "input_1=1,32,32,3"
  std::string name_suffix;
  std::vector<std::string> lambdas;         // "lambda_1=x / 255"
  std::vector<std::string> custom_classes;  // "MyDense=Dense"
  keras::RecurrenceForm recurrence = keras::RecurrenceForm::kAuto;
  std::string random;         // "mean", or empty
  bool zero_weights = false;  // an architecture will do
};

// --weights, --input-shape, --name-suffix, --lambda, --random, --custom.
void add_model_options(CLI::App& app, ModelSource& source);
// --lambda, --random and --custom alone, for commands that load a model but make no graph.
void add_custom_options(CLI::App& app, ModelSource& source);
// "1,32,32,3" or "input_1=1,32,32,3": the input's name ("" for the only one) and its shape, with ? for what stays open.
// Throws Error{kInvalidArgument}.
std::pair<std::string, Shape> parse_input_shape(const std::string& text);
// What the source says of the file, for keras::load. Throws Error{kInvalidArgument}.
keras::LoadOptions load_options(const ModelSource& source);
// --rnn, for the commands that write a graph.
void add_recurrence_option(CLI::App& app, ModelSource& source);
// Loads and lowers. What a person should know (renamed layers) goes to stderr.
keras::Lowered load_and_lower(const ModelSource& source);

// A Keras model frozen in memory.
struct FrozenModel {
  keras::Lowered lowered;  // its graph still holds the variables
  graph::Graph graph;      // frozen
  graph::Signature signature;
  int n_frozen = 0;
};
FrozenModel freeze_model(keras::Lowered lowered);

// As graph::resolve; a note says which node stands in for the name, and errors name the file.
graph::Endpoint resolve(const graph::Graph& graph, const std::string& name, const std::filesystem::path& path);

// Whether the file is a TensorFlow graph rather than a Keras model, by what it holds.
bool is_graph_file(const std::filesystem::path& path);

// A graph to run: a frozen .pb or .pbtxt as it is, or a Keras model frozen in memory.
struct Runnable {
  graph::Graph graph;
  graph::Signature signature;
};
// input_node and output_node may be empty (the placeholders, the terminal nodes), layer names, or "name:0".
Runnable load_runnable(const ModelSource& source, const std::vector<std::string>& input_nodes,
                       const std::vector<std::string>& output_nodes);

}  // namespace hoarfrost::cli
