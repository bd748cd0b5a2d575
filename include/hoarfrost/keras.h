// Keras models: read from any file that Keras 2 or 3 wrote, and lowered to the one graph.
#pragma once

#include <hoarfrost/graph.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace hoarfrost::keras {

struct Model;
struct ModelLayer;
class Layer;

struct LoadOptions {
  std::filesystem::path weights;  // for a JSON architecture: its weights
  // Sizes for inputs that the file leaves open, by input name ("" for the only one), batch included.
  std::map<std::string, Shape> input_shapes;
  // By layer name: an expression ("x / 255") in the place of what the layer's Python does (docs/lambda.md).
  std::map<std::string, std::string> lambdas = {};
  // By class: the known layer ("Dense") that a custom one is.
  std::map<std::string, std::string> custom_classes = {};
  // Whether what is random in a Lambda's function, or is a random function's layer, stands as its distribution's mean.
  bool random_is_mean = false;
  bool architecture_only = false;  // leaves the weights where they are, for what only looks at the layers
  bool zero_weights = false;       // of an architecture without weights, for who looks at shapes alone
};

// Reads a complete .h5, a JSON architecture with weights, or a .keras archive, recognised by what it holds.
// Weights stay views of the file. Throws Error: kIo; kCorrupt; kUnsupported (an unknown layer, named, with what can be
// done); kMismatch (weights and architecture that do not belong together); kInvalidArgument (weights without an
// architecture).
std::shared_ptr<const Model> load(const std::filesystem::path& path, const LoadOptions& options = {});

// What a layer call became, for verify: its endpoints by name.
struct LoweredCall {
  std::string layer_name;  // Keras' name, nested ones with their model's before it
  std::string class_name;
  std::string scope;  // the graph's
  std::shared_ptr<const Layer> layer;
  std::vector<Tensor> weights;
  std::vector<std::string> inputs;   // endpoints
  std::vector<std::string> masks;    // endpoints or ""
  std::vector<std::string> outputs;  // endpoints; equal to inputs where the layer left no node
};

// Which weight a variable is: the layer's i-th. The layer belongs to the model that was lowered.
struct VariableOrigin {
  std::string variable;
  const ModelLayer* layer = nullptr;
  size_t index = 0;
  std::string weight;  // Keras' name within the layer: "kernel"
};

struct Lowered {
  graph::Graph graph;                       // with variables: VariableV2, Assign, read
  graph::Signature signature;               // in Keras' order
  graph::Variables variables;               // values by variable name: views of the file
  std::vector<std::string> variable_names;  // in creation order
  std::vector<std::string> trainable_names;
  std::vector<VariableOrigin> origins;  // in creation order
  std::vector<LoweredCall> calls;       // in call order
  std::vector<std::string> notes;       // what a person should know: names changed, NaN weights

  // Of Phase::kTraining alone:
  // What each training step also sets: variables (by name) and their new values (BatchNormalization's moving
  // statistics).
  std::vector<std::pair<std::string, graph::Endpoint>> updates;
  std::vector<graph::Endpoint> losses;  // scalars that layers add to the loss (activity regularizers)
  graph::Endpoint random_seed;  // int64 [2] placeholder, another value for each step; null when nothing is random
  // float32 [] placeholder: what part of the batch's examples this process has; null when no statistics are shared.
  graph::Endpoint batch_share;
};

// How layers behave: BatchNormalization by the moving or the batch's statistics, Dropout not or at random.
enum class Phase { kInference, kTraining };

// How the steps of recurrent layers stand in the graph: written out one after the other, which every target loads; as a
// while loop in TensorFlow 1's own control flow (Enter, Merge, Switch, …), which any number of steps may run through;
// or, kAuto, written out when their number is known and at most kFewSteps (1024), else as a loop.
enum class RecurrenceForm { kAuto, kUnroll, kLoop };

struct LowerOptions {
  std::string name_suffix;  // "_1" gives the names of a model loaded a second time into a session
  Phase phase = Phase::kInference;
  RecurrenceForm recurrence = RecurrenceForm::kAuto;
  // In training: the processes that share each batch. Where there are several, BatchNormalization's statistics are of
  // the whole batch: its nodes have an attribute `group_size`, by which they work with those of the other processes.
  int group_size = 1;
};

// The model's graph, of inference unless the options say otherwise. In training, a BatchNormalization that is not
// trainable stays with its moving statistics, as in tf.keras 2. Throws Error{kUnsupported | kMismatch} naming the
// layer.
Lowered lower(const Model& model, const LowerOptions& options = {});

}  // namespace hoarfrost::keras
