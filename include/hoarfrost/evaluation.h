// What frozen graphs are worth: their accuracy, their outputs, and the proof that they compute what the Keras model
// does.
#pragma once

#include <hoarfrost/data.h>
#include <hoarfrost/graph.h>
#include <hoarfrost/keras.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace hoarfrost::evaluation {

// --- evaluate
// -------------------------------------------------------------------------------------------------------------

struct EvaluateOptions {
  int64_t batch_size = 32;
  int threads = 0;              // 0: as many as the process may use
  bool drop_remainder = false;  // leaves the last partial batch out, as the original script did
  int top_k = 5;
  bool show_progress = false;  // on stderr: a bar on a terminal, plain lines elsewhere
};

struct Evaluation {
  double accuracy = 0;  // the largest output is the label's (one output unit: above 0.5 means class 1)
  double top_k_accuracy = 0;
  double loss = 0;  // Keras' categorical (one unit: binary) cross-entropy of probabilities, clipped to [1e-7, 1 - 1e-7]
  int64_t examples = 0;
  double seconds = 0;  // wall time of the loop, compiling and reading included
  int64_t n_classes = 0;
  int top_k = 0;                   // min(options.top_k, n_classes)
  std::vector<int64_t> confusion;  // [n_classes, n_classes], rows are labels, columns predictions
  [[nodiscard]] int64_t count(int64_t label, int64_t prediction) const {
    return confusion[static_cast<size_t>(label * n_classes + prediction)];
  }
  [[nodiscard]] int64_t n_examples_of(int64_t label) const;
};

// What a data set must give for this graph: its only input without the batch, and as many classes as its only output
// has. Throws Error{kUnsupported} for a graph with several inputs or outputs, or an output that is not [batch,
// classes].
data::ExampleFormat example_format(const graph::Graph& frozen, const graph::Signature& signature);

// Runs the graph over what is left of the data set; the next batch is read while the network runs.
// Throws what DataSet and Session throw; Error{kInvalidArgument} for a batch size below 1.
Evaluation evaluate(const graph::Graph& frozen, const graph::Signature& signature, data::DataSet& examples,
                    const EvaluateOptions& options = {});

// The same numbers by the Keras layers' references alone (double precision, no kernels): slow and certain.
data::ExampleFormat example_format(const keras::Lowered& lowered);
Evaluation evaluate_reference(const keras::Lowered& lowered, data::DataSet& examples,
                              const EvaluateOptions& options = {});

// --- predict
// --------------------------------------------------------------------------------------------------------------

struct PredictOptions {
  int64_t batch_size = 32;
  int threads = 0;
  bool show_progress = false;
};

// The arrays that stand for the graph's inputs, in the signature's order: by the input's name, in0, in1, …, or x (or
// the only array) for a graph with one input. uint8 arrays for a float input are cast, never scaled. Throws
// Error{kInvalidArgument} naming the input and the arrays there are, Error{kMismatch} for shapes that do not meet.
std::vector<Tensor> match_inputs(const graph::Graph& frozen, const graph::Signature& signature,
                                 const data::NamedTensors& arrays);

// Outputs in the signature's order for inputs whose first axis is the batch, run batch_size examples at a time.
std::vector<Tensor> predict(const graph::Graph& frozen, const graph::Signature& signature,
                            std::span<const Tensor> inputs, const PredictOptions& options = {});
// From .npz (or .npy) to .npz: writes out0, out1, …. Returns what it wrote.
data::NamedTensors predict_file(const graph::Graph& frozen, const graph::Signature& signature,
                                const std::filesystem::path& input, const std::filesystem::path& output,
                                const PredictOptions& options = {});

// The model's outputs by the layers' references alone, as float64, for inputs in the signature's order.
std::vector<Tensor> reference_outputs(const keras::Lowered& lowered, std::span<const Tensor> inputs);

// --- verify
// ---------------------------------------------------------------------------------------------------------------

struct VerifyOptions {
  uint64_t seed = 0;
  double budget_seconds =
      1;                    // for the references of all layers together; above it they compute a sample of the elements
  bool exhaustive = false;  // every element, whatever it takes
  int64_t batch = 2;
  int threads = 0;
};

// One tensor compared: a layer's outputs (all of them together), or a model's output.
struct Comparison {
  std::string name;        // Keras' layer name; an output's endpoint
  std::string class_name;  // "" for an output
  double max_abs = 0;      // largest difference
  double max_rel = 0;      // the same, relative to the largest magnitude of the expected values
  int64_t n_compared = 0;  // elements
  int64_t n_elements = 0;
  bool equal = true;
  std::string divergence;  // where it is not equal: which element, expected and found
};

struct Verification {
  std::vector<Comparison> layers;   // in call order; calls that left no node are not among them
  std::vector<Comparison> outputs;  // the fused program's against the unfused one's, in the model's order
  std::vector<std::string>
      not_found;  // layers whose output the frozen graph does not have by name: compared by what follows
  bool equal = true;
  [[nodiscard]] const Comparison* first_divergence() const;  // nullptr when equal
};

// Holds the frozen graph, as the runtime computes it, against the layers' references in double precision, on random
// input, layer by layer: docs/verify.md says how, and what counts as rounding. Throws Error{kMismatch} when inputs or
// outputs of the two do not correspond, Error{kUnsupported} when no small sizes for the unknown axes of the inputs can
// be found.
Verification verify(const keras::Lowered& lowered, const graph::Graph& frozen, const graph::Signature& signature,
                    const VerifyOptions& options = {});

// Layers with weights that are NaN or infinite, by Keras' name: worth a warning.
std::vector<std::string> nan_weights(const keras::Lowered& lowered);

}  // namespace hoarfrost::evaluation
