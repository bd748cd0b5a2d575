// A graph on its way to a plan: TensorFlow's nodes as a flat list of operations over numbered values, all shapes known,
// constants folded. The fusion rules rewrite this list; the kernels read it.
#pragma once

#include <hoarfrost/graph.h>

#include <dnnl.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "graph/schedule.h"

namespace hoarfrost::runtime {

using ValueId = int;

struct Value {
  DType dtype = DType::kInvalid;
  Shape shape;                      // sizes may be unknown for the few ops whose outputs' sizes depend on values
  Tensor constant;                  // empty unless it is one
  bool is_fetched = false;          // an output of the program: never fused away
  bool is_used = false;             // fetched, or read by an operation of the list as it was lowered
  std::vector<int64_t> sizes = {};  // ops::Known::sizes: of a TensorArray's flow and handle
  [[nodiscard]] bool is_constant() const { return !constant.empty(); }
  // Its bytes cannot be planned before it is computed: it is held as a Tensor.
  [[nodiscard]] bool is_held() const { return !shape.is_static() || dtype_size(dtype) == 0; }
};

// What is done to each element of a result before it is written.
struct Activation {
  dnnl::algorithm algorithm = dnnl::algorithm::undef;
  float alpha = 0;
  float beta = 0;
};

// x * scale + shift per channel (the last axis): what BatchNormalization is once it is trained.
struct Affine {
  std::vector<float> scale;
  std::vector<float> shift;
};

struct OperationList;
struct LoopLists;
struct RecurrentSteps;
struct Elementwise;

struct Operation {
  const graph::Node* node = nullptr;  // whose op and attributes it has
  std::vector<std::string> names;     // the nodes it stands for, the last one first
  std::vector<ValueId> inputs;        // TensorFlow's inputs of `node`; replaced where a rule says so
  std::vector<ValueId> outputs;

  // What the fusion rules put here; convolutions, matrix products and Affine know all but `affine_first`.
  std::vector<float> scale;                           // per output channel, multiplied into constant weights
  std::vector<float> bias;                            // per output channel
  std::optional<ValueId> bias_value;                  // the same where it is no constant, as in training
  std::optional<ValueId> addend;                      // added after the bias, elementwise
  std::optional<Activation> activation;               // after the addend
  std::optional<Affine> affine;                       // MaxPool and "Affine": of each input element
  std::vector<std::pair<int64_t, int64_t>> paddings;  // spatial, instead of node's SAME or VALID, when not empty
  std::vector<int64_t> dilations;                     // spatial, instead of node's, when not empty
  std::optional<Shape> flattened;                     // matrix product: the shape of its input before Flatten
  bool is_affine = false;                             // only `affine` and `activation`, whatever node's op
  std::shared_ptr<const OperationList> body;          // run slice by slice of the batch (slice.h), whatever node's op
  std::shared_ptr<const LoopLists> loop;              // a while loop; node is one of its Exits
  std::shared_ptr<const RecurrentSteps> steps;     // of an LSTM or GRU (kernels/recurrent_steps.h), whatever node's op
  std::shared_ptr<const Elementwise> elementwise;  // some functions of each element (kernels/elementwise.h)
  // A Merge behind branches, which the ops' references run; `inputs` are then these, and those behind them are dead.
  std::shared_ptr<const graph::Schedule> branches;
  std::vector<graph::Endpoint> branch_inputs;
  // BatchNormalization in training with the MaxPool behind it (fuse/pooled_batch_norm.cpp): the pool's node, or its
  // gradient's.
  const graph::Node* pool = nullptr;
  // Of such a one that takes the convolution in front along (kernels/convolution_block.h): the Conv2D, or its gradient
  // by its filter.
  const graph::Node* convolution = nullptr;

  [[nodiscard]] const std::string& op() const { return node->op(); }
  [[nodiscard]] bool is(std::string_view name) const {
    return !is_affine && body == nullptr && loop == nullptr && branches == nullptr && steps == nullptr &&
           elementwise == nullptr && pool == nullptr && node->op() == name;
  }
  // Every value that is read: the inputs, the bias that is no constant and the addend.
  [[nodiscard]] std::vector<ValueId> reads() const;
  [[nodiscard]] bool is_plain() const;  // nothing has been fused into it
};

struct OperationList {
  std::vector<Value> values;
  std::vector<Operation> operations;  // each after those that give its inputs
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
};

// A while loop round by round. The operation's inputs are the variables' first values, then what is the same in every
// round; its outputs are the variables at the end. Both lists take all of these inputs, the variables as
// `condition.values` says of them.
struct LoopLists {
  std::string frame;
  size_t n_variables = 0;
  OperationList condition;  // -> whether there is another round
  OperationList body;       // -> the next variables
};

}  // namespace hoarfrost::runtime
