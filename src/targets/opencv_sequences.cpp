#include <hoarfrost/passes.h>

#include <map>
#include <set>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

const std::set<std::string_view> kUnary{"Relu", "Relu6",    "Elu",      "Selu", "LeakyRelu", "Sigmoid",
                                        "Tanh", "Softplus", "Softsign", "Exp",  "Abs",       "Identity"};

// Values of shape [N, T, C] have a twin of shape [N, T, 1, C], and so have those of shape [N, 1, T, C].
class Sequences {
 public:
  explicit Sequences(Graph& graph) : graph_(graph), known_(passes::infer_known(graph)) {}

  void run() {
    for (Node* node : graph::topological_order(graph_)) visit(*node);
    // What was not carried on takes its sequence from the twin.
    for (const auto& [sequence, twin] : squeezed_) {
      sequence->set_op("Reshape");
      const DType dtype = DType::kFloat32;
      sequence->inputs = {twin, sizes(*sequence, passes::find_known(known_, sequence->output())->shape)};
      sequence->attributes = {{"T", dtype}, {"Tshape", DType::kInt32}};
    }
  }

 private:
  [[nodiscard]] const Shape* shape_of(const Endpoint& endpoint, int rank) const {
    const ops::Known* known = passes::find_known(known_, endpoint);
    const bool is_it = known != nullptr && known->dtype == DType::kFloat32 && known->shape.has_rank() &&
                       known->shape.rank() == rank && known->shape.is_static();
    return is_it ? &known->shape : nullptr;
  }
  Endpoint sizes(const Node& near, const Shape& shape) {
    return graph_
        .add_const(graph_.unique_name(near.name() + "/sizes"), Tensor::vector(shape.sizes()).cast(DType::kInt32))
        .output();
  }

  Endpoint twin_of(const Endpoint& sequence) {
    if (const auto found = twins_.find(sequence); found != twins_.end()) return found->second;
    const Shape& shape = *shape_of(sequence, 3);
    return twins_[sequence] = to_four_axes(graph_, graph_.unique_name(sequence.node->name() + "/sequence"), sequence,
                                           {shape[0], shape[1], 1, shape[2]});
  }

  void visit(Node& node) {
    const auto& op = node.op();
    if (op == "ExpandDims" && shape_of(node.input(0), 3) != nullptr && is_axis(node, 1)) {
      twins_[node.output()] = twin_of(node.inputs[0]);
    } else if ((op == "Conv2D" || op == "MaxPool" || op == "AvgPool") && twins_.contains(node.input(0)) &&
               shape_of(node.input(0), 4) != nullptr) {
      turn(node);
    } else if (op == "Squeeze" && twins_.contains(node.input(0)) && shape_of(node.output(), 3) != nullptr) {
      twins_[node.output()] = squeezed_[&node] = twins_.at(node.inputs[0]);
    } else if (!node.inputs.empty() && twins_.contains(node.inputs[0]) && shape_of(node.inputs[0], 3) != nullptr) {
      carry_on(node);
    }
  }

  static bool is_axis(const Node& node, int64_t axis) {
    const Tensor* value = passes::const_value(node.input(1));
    return value != nullptr && value->n_elements() == 1 && Reader(*value)[0] == static_cast<double>(axis);
  }

  static std::vector<int64_t> swapped(std::vector<int64_t> list) {
    if (list.size() == 4) std::swap(list[1], list[2]);
    return list;
  }

  // The same along the other axis of space; a filter [1, k, in, out] has the bytes of [k, 1, in, out].
  void turn(Node& node) {
    if (node.get_or<std::string>("data_format", "NHWC") != "NHWC" ||
        node.get_or<std::string>("padding", "") == "EXPLICIT")
      return;
    std::vector<Endpoint> inputs{twins_.at(node.inputs[0])};
    if (node.op() == "Conv2D") {
      const Tensor* filter = passes::const_value(node.input(1));
      if (filter == nullptr || filter->shape().rank() != 4 || filter->shape()[0] != 1) return;
      const Shape& shape = filter->shape();
      inputs.push_back(graph_
                           .add_const(graph_.unique_name(node.inputs[1].node->name() + "/turned"),
                                      filter->reshaped({shape[1], 1, shape[2], shape[3]}))
                           .output());
    }
    Node& made = graph_.add(node.op(), graph_.unique_name(node.name() + "/turned"), std::move(inputs));
    made.attributes = node.attributes;
    for (const char* key : {"strides", "ksize", "dilations"}) {
      if (!made.has(key)) continue;
      if (const auto* list = std::get_if<std::vector<int64_t>>(&made.attributes.at(key))) made.set(key, swapped(*list));
    }
    twins_[node.output()] = made.output();
  }

  // Elementwise nodes, and reductions over time, of which the twin's are over space.
  void carry_on(Node& node) {
    const auto& op = node.op();
    const bool is_unary = kUnary.contains(op) && node.inputs.size() == 1;
    const bool is_bias = op == "BiasAdd" && passes::const_value(node.input(1)) != nullptr;
    const bool is_reduction = (op == "Max" || op == "Mean" || op == "Sum") && is_axis(node, 1);
    if (is_reduction) {
      node.inputs = {
          twins_.at(node.inputs[0]),
          graph_.add_const(graph_.unique_name(node.name() + "/axes"), Tensor::vector<int32_t>({1, 2})).output()};
      node.set("Tidx", DType::kInt32);
      if (!node.get_or<bool>("keep_dims", false)) return;
      node.set("keep_dims", false);  // [N, C], and then the node's own shape
      Node& flat = graph_.add(op, graph_.unique_name(node.name() + "/flat"), node.inputs);
      flat.attributes = node.attributes;
      node.set_op("Reshape");
      node.attributes = {{"T", DType::kFloat32}, {"Tshape", DType::kInt32}};
      node.inputs = {flat.output(), sizes(node, passes::find_known(known_, node.output())->shape)};
    } else if (is_unary || is_bias) {
      std::vector<Endpoint> inputs = node.inputs;
      inputs[0] = twins_.at(inputs[0]);
      Node& made = graph_.add(op, graph_.unique_name(node.name() + "/turned"), std::move(inputs));
      made.attributes = node.attributes;
      twins_[node.output()] = squeezed_[&node] = made.output();
    }
  }

  Graph& graph_;
  ops::KnownMap known_;
  std::map<Endpoint, Endpoint> twins_;
  std::map<Node*, Endpoint> squeezed_;
};

}  // namespace

void lift_sequences(Graph& graph) { Sequences(graph).run(); }

}  // namespace hoarfrost::targets::opencv
