#include <hoarfrost/passes.h>

#include <limits>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

class Arithmetic {
 public:
  explicit Arithmetic(Graph& graph) : graph_(graph), known_(passes::infer_known(graph)) {}

  void run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes) {
      if (node->get_or<DType>("T", DType::kFloat32) == DType::kFloat32) rewrite(*node);
    }
  }

 private:
  static bool is_number(const Endpoint& endpoint) {
    const Tensor* value = passes::const_value(endpoint);
    return value != nullptr && value->n_elements() == 1;
  }

  Endpoint number(const Node& near, float value) {
    return graph_.add_const(graph_.unique_name(near.name() + "/number"), Tensor::scalar(value)).output();
  }
  Endpoint make(const Node& near, const char* op, std::vector<Endpoint> inputs) {
    Node& node = graph_.add(op, graph_.unique_name(near.name() + "/" + op), std::move(inputs));
    node.set("T", DType::kFloat32);
    return node.output();
  }
  static void become(Node& node, const char* op, std::vector<Endpoint> inputs) {
    node.set_op(op);
    node.attributes = {{"T", DType::kFloat32}};
    node.inputs = std::move(inputs);
  }

  void rewrite(Node& node) {
    const auto& op = node.op();
    if ((op == "Add" || op == "AddV2") && !is_const(node.input(0)) && !is_const(node.input(1))) {
      if (!have_one_shape(node)) return;
      node.set_op("AddN");
      node.set("N", 2);
      return;
    }
    if (op == "Sub" && is_const(node.input(0)) && !is_const(node.input(1))) {
      become(node, "AddV2", {make(node, "Mul", {node.inputs[1], number(node, -1)}), node.inputs[0]});
    } else if (op == "Neg") {
      become(node, "Mul", {node.input(0), number(node, -1)});
    } else if (op == "SquaredDifference") {
      become(node, "Square", {make(node, "Sub", {node.input(0), node.input(1)})});
    } else if (op == "RealDiv" && is_number(node.input(0)) && !is_const(node.input(1)) &&
               Reader(*passes::const_value(node.inputs[0]))[0] == 1) {
      become(node, "Reciprocal", {node.inputs[1]});
    } else if (op == "Pow" && is_number(node.input(1)) && !is_const(node.input(0))) {
      raise(node, Reader(*passes::const_value(node.inputs[1]))[0]);
    } else if (op == "Rsqrt") {
      become(node, "Exp", {make(node, "Mul", {make(node, "Log", {node.input(0)}), number(node, -0.5F)})});
    } else if (op == "Maximum" || op == "Minimum") {
      bound(node);
    }
  }

  [[nodiscard]] bool have_one_shape(const Node& node) const {
    const ops::Known *a = passes::find_known(known_, node.input(0)), *b = passes::find_known(known_, node.input(1));
    return a != nullptr && b != nullptr && a->shape.has_rank() && a->shape == b->shape;
  }

  static bool is_const(const Endpoint& endpoint) { return passes::const_value(endpoint) != nullptr; }

  void raise(Node& node, double power) {
    const Endpoint x = node.inputs[0];
    if (power == 2) become(node, "Square", {x});
    if (power == 3) become(node, "Mul", {make(node, "Square", {x}), x});
    if (power == 0.5) become(node, "Sqrt", {x});
    if (power == -1) become(node, "Reciprocal", {x});
  }

  // Between the number and what is furthest from it.
  void bound(Node& node) {
    const size_t constant = is_number(node.input(1)) ? 1 : 0;
    if (!is_number(node.input(constant)) || is_const(node.input(1 - constant))) return;
    const Endpoint x = node.inputs[1 - constant];
    const float c = static_cast<float>(Reader(*passes::const_value(node.inputs[constant]))[0]);
    constexpr float kFurthest = std::numeric_limits<float>::max();
    const bool is_least = node.op() == "Maximum";
    if (is_least && c == 0) return become(node, "Relu", {x});
    become(node, "ClipByValue", {x, number(node, is_least ? c : -kFurthest), number(node, is_least ? kFurthest : c)});
  }

  Graph& graph_;
  ops::KnownMap known_;
};

}  // namespace

void rewrite_arithmetic(Graph& graph) { Arithmetic(graph).run(); }

}  // namespace hoarfrost::targets::opencv
