// A model in training: its weights, the optimizer's memory, and steps over batches.
#pragma once

#include <hoarfrost/examples.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "distributed/group.h"
#include "keras/save.h"
#include "training/compilation.h"
#include "training/constraint.h"
#include "training/step.h"

namespace hoarfrost::training {

class Trainer {
 public:
  struct Options {
    uint64_t seed = 0;                    // of weights that the file did not hold, and of dropout and noise
    int threads = 0;                      // 0: as many as the process may use
    distributed::Group* group = nullptr;  // processes that add their gradients up; nullptr: this one alone
  };

  // Copies the model; weights that it lacks are drawn. Throws Error: kUnsupported (a layer, loss or optimizer that
  // cannot be trained or is unknown; a compilation without loss or optimizer says which flags to give).
  Trainer(const keras::Model& model, Compilation compilation, const Options& options);

  // What data must be like.
  [[nodiscard]] const ModelFormat& format() const { return format_; }
  // Shapes of the examples that will be trained on: fixes what the model leaves open. Throws Error: kMismatch, and
  // kUnsupported naming what has no gradient.
  void begin(const Examples& examples);

  struct Batch {
    std::vector<Tensor> x;
    std::vector<Tensor> y;
    Tensor example_weights;  // [n], each already over the number of the whole batch
    double share = 1;  // the part of the whole batch that these are; 0 where they stand in for none, and count nothing
  };
  // Tensors for a batch of n examples that begin() was told of, to be filled.
  [[nodiscard]] Batch batch_of(int64_t n) const;

  struct Result {
    double loss = 0;                      // with penalties; of all processes' examples together
    std::vector<double> losses;           // of each output, without; likewise
    std::span<const Tensor> predictions;  // views until the next batch
  };
  // One optimizer step. Where the loss is NaN or infinite, nothing is changed.
  Result train_on_batch(const Batch& batch);
  Result test_on_batch(const Batch& batch);
  // What train_on_batch takes, part by part, the optimizer last: means over the runs that fit into `seconds`. It
  // trains.
  std::vector<runtime::Step> profile(const Batch& batch, double seconds);
  // After a train_on_batch whose loss was no number: the first layer, in the order of calls, whose output has none at
  // any process; "" if all have.
  std::string first_layer_without_number(const Batch& batch);

  [[nodiscard]] std::vector<Metric> metrics(size_t output) const;
  [[nodiscard]] const Compilation& compilation() const { return compilation_; }
  [[nodiscard]] const std::vector<std::string>& output_names() const { return output_names_; }
  Optimizer& optimizer() { return optimizer_; }
  [[nodiscard]] const Optimizer& optimizer() const { return optimizer_; }
  [[nodiscard]] const keras::Model& model() const { return *model_; }
  [[nodiscard]] const Options& options() const { return options_; }

  // By variable name, copied.
  [[nodiscard]] std::vector<std::pair<std::string, Tensor>> weights() const;
  // Throws Error{kMismatch} where a process of the group has weights that are not rank 0's to the bit.
  void expect_equal_weights() const;
  void set_weights(const std::vector<std::pair<std::string, Tensor>>& weights);

  // Keras' form of what training left, without the part that is Hoarfrost's own.
  [[nodiscard]] keras::TrainingState state() const;
  // Goes on with an optimizer's memory. Throws Error{kMismatch} when it is another optimizer's or another model's.
  void restore(const keras::TrainingState& state);

 private:
  struct Slot {
    std::string name;
    std::vector<Tensor> values;  // by trainable
  };
  Step& step(const Batch& batch, bool has_gradients);
  [[nodiscard]] Step::Feed feed(const Batch& batch, std::array<int64_t, 2> seed) const;
  [[nodiscard]] Result summed(const Step::Result& step) const;
  Step::Result run_with_others(Step& step, const Step::Feed& feed) const;
  void apply(const Step::Result& result, const StepGraph& graph);
  [[nodiscard]] std::array<int64_t, 2> seed_of_step() const;
  [[nodiscard]] StepOptions step_options(int64_t n, double share, bool has_gradients) const;
  void adopt_weights();
  void make_slots();
  void find_constraints();
  void set_formats();

  Options options_;
  std::shared_ptr<keras::Model> model_;
  Compilation compilation_;
  Optimizer optimizer_;
  std::vector<Loss> losses_;
  keras::Lowered training_;
  keras::Lowered inference_;
  ModelFormat format_;
  std::vector<std::string> output_names_;
  std::vector<Shape> x_shapes_, y_shapes_;
  std::vector<Tensor> variables_;  // in training_.variable_names' order; the model's layers view the same memory
  std::map<std::string, size_t> variable_index_;
  std::vector<size_t> trainable_;  // indices
  std::vector<Slot> slots_;
  std::vector<std::pair<size_t, Constraint>> constraints_;
  std::vector<std::vector<float>> clipped_;
  std::map<std::tuple<int64_t, double, bool>, std::unique_ptr<Step>> steps_;  // by examples, share, whether gradients
};

}  // namespace hoarfrost::training
