// Builds the TensorFlow graph of one layer call: nodes under the layer's scope with tf.keras' names, weights as
// variables.
#pragma once

#include <hoarfrost/graph.h>
#include <hoarfrost/keras.h>

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

using Attributes = std::vector<std::pair<std::string_view, graph::Attribute>>;

// The frame of a while loop (while_loop.h). What nodes in it read from outside comes in by an Enter, once each; a node
// without inputs runs after `pivot`, for TensorFlow runs a node in the frame that its inputs and control inputs are in.
struct Frame {
  std::string name;
  graph::Node* pivot = nullptr;
  std::map<graph::Endpoint, graph::Endpoint> entered;
  std::unordered_set<const graph::Node*> nodes;
};

class Lowering {
 public:
  Lowering(graph::Graph& graph, Phase phase, RecurrenceForm recurrence = RecurrenceForm::kAuto, int group_size = 1)
      : graph_(&graph), phase_(phase), recurrence_(recurrence), group_size_(group_size) {}

  [[nodiscard]] Phase phase() const { return phase_; }
  [[nodiscard]] RecurrenceForm recurrence() const { return recurrence_; }
  [[nodiscard]] graph::Graph& graph() { return *graph_; }
  // The scope that nodes are made under: "conv2d_1".
  [[nodiscard]] const std::string& scope() const { return scope_; }

  // A node `SCOPE/OP` (uniquified) whose attribute T is the first input's type; the result has that type.
  Value op(std::string_view op, const std::vector<Value>& inputs, const Attributes& attributes = {});
  // The same under another name, `SCOPE/NAME`, which may hold slashes ("Gelu/mul").
  Value named_op(std::string_view name, std::string_view op, const std::vector<Value>& inputs,
                 const Attributes& attributes = {});
  // For ops whose output type is not T, or that have no T: sets no attribute by itself.
  Value raw_op(std::string_view name, std::string_view op, const std::vector<Value>& inputs, DType result,
               const Attributes& attributes);
  // A Const node `SCOPE/NAME`.
  Value constant(std::string_view name, Tensor tensor);
  // A Const of one number in the type of `like`.
  Value scalar(std::string_view name, double value, const Value& like);
  // int32 vectors and numbers, as shapes, axes and permutations are given to TensorFlow.
  Value ints(std::string_view name, const std::vector<int64_t>& values);
  Value int_scalar(std::string_view name, int64_t value);

  // The layer's weight i (its order in weights()), read.
  Value weight(size_t i);
  [[nodiscard]] size_t n_weights() const { return weights_.size(); }
  // The weight's value, for layers that must compute with it while lowering. Prefer weight(): a constant that is not
  // the file's bytes costs memory and time.
  [[nodiscard]] const Tensor& weight_value(size_t i) const { return values_.at(i); }

  // Lowers a layer within this one, under `SCOPE/NAME`, with this layer's weights first, … first + n - 1 as its own.
  Values inner(const Layer& layer, std::string_view name, size_t first, size_t n, const Values& in);
  // The same with these of this layer's weights, in this order.
  Values inner(const Layer& layer, std::string_view name, const std::vector<size_t>& weights, const Values& in);
  // Nodes are made in `frame`, under `scope`, until it is nullptr again. Returns the scope before.
  std::string set_frame(Frame* frame, std::string scope);
  // What a person should know of this layer's conversion; it is said on stderr.
  void note(std::string text) { notes_.push_back(std::move(text)); }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

  // [batch, time, …] to a shape: a constant [-1, N, …] when only the batch is unknown, else Shape and StridedSlice.
  Value reshape(const Value& x, const Shape& target);
  // The same where the unknown sizes are those of `like`, axis by axis, and not x's: to give back what a flattening
  // took.
  Value reshape_like(const Value& x, const Value& like, const Shape& target);

  // Training alone. Numbers of float32 in [0, 1) or of the standard normal distribution, in x's shape, or in the sizes
  // that `noise_shape` has where it has any (1 for those that repeat); others at every step.
  Value random_uniform(const Value& x, const Shape& noise_shape = Shape::unknown_rank());
  Value random_normal(const Value& x);
  // The mean over the whole batch of what is a mean over this process' part of it (float32); x itself in a process
  // alone.
  Value mean_over_group(const Value& x);
  [[nodiscard]] int group_size() const { return group_size_; }
  // The layer's weight i has this value after the step.
  void update(size_t i, const Value& value);
  // A scalar that is added to the loss.
  void add_loss(const Value& value) { losses_.push_back(value.tensor); }
  [[nodiscard]] bool is_training() const { return phase_ == Phase::kTraining; }
  [[nodiscard]] bool is_trainable() const { return is_trainable_; }
  // Throws Error{kUnsupported} with this message in training.
  void expect_inference(std::string_view message) const;
  [[nodiscard]] const std::vector<std::pair<std::string, graph::Endpoint>>& updates() const { return updates_; }
  [[nodiscard]] const std::vector<graph::Endpoint>& losses() const { return losses_; }
  [[nodiscard]] graph::Endpoint random_seed() const { return random_seed_; }
  [[nodiscard]] graph::Endpoint batch_share() const { return batch_share_; }

  // Used by lower(): TensorFlow's name_scope, uniquified in call order, and the weights of the layer to be lowered.
  std::string enter_scope(std::string_view name);
  void set_layer(std::string scope, std::vector<Value> weights, std::vector<Tensor> values, bool is_trainable = true);

  // TensorFlow's Graph.unique_name over all names and scopes in use; characters it forbids become `_`.
  std::string unique_name(std::string_view name);

 private:
  graph::Node& add(std::string_view name, std::string_view op, const std::vector<Value>& inputs);
  graph::Endpoint entered(const Value& input, const std::string& user);
  graph::Graph* graph_;
  Phase phase_;
  RecurrenceForm recurrence_;
  int group_size_;
  Frame* frame_ = nullptr;
  std::string scope_;
  std::vector<Value> weights_;
  std::vector<Tensor> values_;
  std::vector<std::string> notes_;
  std::unordered_map<std::string, int> names_in_use_;
  bool is_trainable_ = true;
  int64_t n_generators_ = 0;
  graph::Endpoint random_seed_;
  graph::Endpoint batch_share_;
  std::vector<std::pair<std::string, graph::Endpoint>> updates_;
  std::vector<graph::Endpoint> losses_;
  Value random(std::string_view op, const Value& shape);
};

// The name with characters that TensorFlow forbids replaced by `_`.
std::string legal_name(std::string_view name);

}  // namespace hoarfrost::keras
