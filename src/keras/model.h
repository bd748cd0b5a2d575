// A Keras model in memory: layers, how they are called, and their weights as views of the file.
#pragma once

#include <hoarfrost/tensor.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

// Output `output` of call `call` of layer `layer`: Keras' keras_history.
struct TensorRef {
  size_t layer = 0;
  size_t call = 0;
  size_t output = 0;
  bool operator==(const TensorRef&) const = default;
};

// One call of a layer, Keras' inbound node. Its inputs in the order in which the layer's call takes them.
struct Call {
  std::vector<TensorRef> inputs;
  std::vector<TensorRef> masks;                // Keras 3 passes masks as arguments: one per input, or none
  std::shared_ptr<const Layer> own = nullptr;  // the layer as it is in this call, where that has other arguments
};

struct Model;

struct ModelLayer {
  std::string name;
  std::string class_name;
  std::string stored_class_name;       // by which its file calls it, where a person says that it is another (--custom)
  std::shared_ptr<const Layer> layer;  // nullptr for a nested model
  std::shared_ptr<Model> model;        // nullptr for a layer
  std::shared_ptr<const Json>
      config;                   // as the file has it: initializers, regularizers and constraints are training's to read
  std::vector<Tensor> weights;  // in the order of Layer::weights(); a nested model's are in its own layers
  std::vector<Call> calls;
  bool is_trainable = true;
  DType compute_dtype = DType::kFloat32;  // that its floating-point inputs become
  DType variable_dtype =
      DType::kFloat32;  // of its floating-point weights; float32 where a mixed policy computes in less
  // How old files store its weights (legacy/weights.h): its class, or that of the layer within its wrapper; and an
  // epsilon.
  std::string kernel_class;
  bool is_channels_first = false;
  double epsilon = 0;
  // An InputLayer's placeholder.
  bool is_input = false;
  Shape input_shape;  // with the batch
  DType input_dtype = DType::kFloat32;
};

// "layer `dense` (Dense)", where errors are: by the class that the file has. path: of the models that it is in.
std::string place_of(const ModelLayer& layer, const std::string& path = "");

struct Model {
  std::string name;
  std::string class_name;       // "Sequential", "Functional", "Model"
  Version version;              // the Keras that wrote it
  std::string architecture;     // the JSON of the whole model, {"class_name", "config"}; of the outermost model alone
  std::string training_config;  // Keras' JSON of optimizer, loss and metrics; empty when the file has none
  std::vector<ModelLayer> layers;  // in the file's order, each after those it uses (Sequential gets an InputLayer)
  std::vector<TensorRef> inputs;
  std::vector<TensorRef> outputs;
  std::vector<std::string> output_names;  // of dictionary outputs; empty otherwise
};

// What Keras calls each output in logs and configurations: its own name, or its layer's.
std::vector<std::string> output_names(const Model& model);

// The layer as that call calls it.
const Layer& layer_in(const ModelLayer& layer, const Call& call);

// The model's calls (layer, call), each after those whose outputs it takes, otherwise in the file's order. The model's
// inputs are no calls; a call whose inputs never come (they depend on themselves) is not among them.
std::vector<std::pair<size_t, size_t>> call_order(const Model& model);
// The same in the order in which Keras 3 runs them: from the calls that are most calls away from an output, on; of
// equally many as it comes upon them, back from the last output.
std::vector<std::pair<size_t, size_t>> run_order(const Model& model);

}  // namespace hoarfrost::keras
