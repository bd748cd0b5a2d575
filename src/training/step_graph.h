// One step of training as a graph of its own, for one batch size: the network, the loss, and the loss's gradients by
// the trainable weights. Variables are fed, so that the optimizer works on memory of its own.
#pragma once

#include <hoarfrost/graph.h>
#include <hoarfrost/keras.h>

#include <string>
#include <vector>

#include "training/loss.h"

namespace hoarfrost::training {

struct StepGraph {
  graph::Graph graph;
  // The inputs in the order of feeding: x…, y…, the examples' weights, the random seed where there is one, variables….
  graph::Signature signature;
  size_t n_x = 0, n_y = 0;
  bool has_seed = false;
  std::vector<std::string> variables;  // by name, in the order of lowering
  // The outputs in their order: the loss with all penalties, each output's own loss, predictions…, gradients… by
  // trainable variable, updates… .
  std::vector<std::string> trainable;
  std::vector<std::string> updated;
};

struct StepOptions {
  std::vector<Shape> x_shapes;  // of one example, for sizes that the model leaves open
  std::vector<Shape> y_shapes;  // of one example's labels
  std::vector<Loss> losses;     // one per output
  std::vector<double> loss_weights;
  int64_t batch_size = 32;
  bool has_gradients = true;
  // Processes that add their losses and gradients up: of each penalty on weights, every one has its part, of those on
  // activities that of its examples.
  int group_size = 1;
  double batch_share = 1;  // what part of the examples this process has; 0 where its rows stand in for none
};

// The shape of n examples.
Shape with_batch(const Shape& example, int64_t n);

// The loss is Σ weight · loss over the examples (whoever feeds the weights divides by their number) + penalties. Throws
// Error{kUnsupported} naming the nodes that have no gradient, Error{kMismatch} where labels and outputs do not meet.
// Nodes that work with other processes run in one order, whatever the batch size: forward as the model has them, then
// back.
StepGraph step_graph(const keras::Lowered& lowered, const StepOptions& options);

}  // namespace hoarfrost::training
