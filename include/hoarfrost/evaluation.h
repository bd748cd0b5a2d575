// What frozen graphs are worth: their accuracy, their outputs, and the proof that they compute what the Keras model
// does.
#pragma once

#include <hoarfrost/data.h>
#include <hoarfrost/graph.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/runtime.h>
#include <hoarfrost/statistics.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace hoarfrost::distributed {
class Group;
}

namespace hoarfrost::evaluation {

// --- evaluate
// -------------------------------------------------------------------------------------------------------------

struct EvaluateOptions {
  int64_t batch_size = 32;
  runtime::Options session = {};  // but n_runs, which the data set says
  bool drop_remainder = false;    // leaves the last partial batch out, as the original script did
  int top_k = 5;
  int n_worst = 25;            // mistakes to keep, with their pictures
  bool show_progress = false;  // on stderr: a bar on a terminal, plain lines elsewhere
  // Processes that share the data set, each a part of its batches; every count is added up exactly, and rank 0 has the
  // whole. nullptr: this process alone.
  distributed::Group* group = nullptr;
};

// What a data set must give for this graph: its only input without the batch, and as many classes as its only output
// has. Throws Error{kUnsupported} for a graph with several inputs or outputs, or an output that is not [batch,
// classes].
data::ExampleFormat example_format(const graph::Graph& frozen, const graph::Signature& signature);

// Runs the graph over what is left of the data set.
// Throws what DataSet and Session throw; Error{kInvalidArgument} for a batch size below 1, Error{kMismatch} when the
// data set names another number of classes than the graph has.
Evaluation evaluate(const graph::Graph& frozen, const graph::Signature& signature, data::DataSet& examples,
                    const EvaluateOptions& options = {});

// The same numbers by the Keras layers' references alone (double precision, no kernels): slow and certain.
data::ExampleFormat example_format(const keras::Lowered& lowered);
Evaluation evaluate_reference(const keras::Lowered& lowered, data::DataSet& examples,
                              const EvaluateOptions& options = {});

// --- compare
// --------------------------------------------------------------------------------------------------------------

struct Model {
  const graph::Graph& frozen;
  const graph::Signature& signature;
};

struct ChangedExample {
  int64_t example = 0;
  std::string name;
  int64_t label = 0;
  int64_t class_a = 0;  // -1: its outputs are NaN
  int64_t class_b = 0;
};

struct ModelComparison {
  Evaluation a;
  Evaluation b;
  int64_t n_changed = 0;       // examples that the two put into different classes
  int64_t n_only_a_right = 0;  // of them
  int64_t n_only_b_right = 0;
  std::vector<ChangedExample> changed;  // the first of them
  double max_abs = 0;  // largest difference of an output; infinite where one model's is NaN and the other's is not
  double max_rel = 0;  // the same, relative to the largest magnitude among the outputs of A
  std::string where;   // the example of the largest difference, "" when there is none
  int64_t output = 0;  // which of its outputs
  double output_a = 0;
  double output_b = 0;
};

struct CompareOptions {
  int64_t batch_size = 32;
  int threads = 0;
  int top_k = 5;
  int64_t n_changed_kept = 10;
  bool show_progress = false;
};

// Both models on the same examples: what is left of examples_a, which b's network takes too unless examples_b, the same
// set in b's own format, is given. Throws what evaluate throws; Error{kMismatch} when the models have different numbers
// of classes, or the two sets different labels.
ModelComparison compare_models(const Model& a, const Model& b, data::DataSet& examples_a, data::DataSet* examples_b,
                               const CompareOptions& options = {});

// --- predict
// --------------------------------------------------------------------------------------------------------------

struct PredictOptions {
  int64_t batch_size = 32;
  runtime::Options session = {};  // but n_runs, which the inputs say
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
