#include <hoarfrost/passes.h>

#include <optional>
#include <string>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

class Ranks {
 public:
  explicit Ranks(Graph& graph) : graph_(graph), known_(passes::infer_known(graph)) {}

  void run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes) {
      const Shape* shape = static_shape(node->output());
      if (shape == nullptr || node->inputs.empty()) continue;
      if (node->op() == "Squeeze" || node->op() == "ExpandDims") become_reshape(*node, node->inputs[0], *shape);
      if ((shape->rank() == 3 && (node->op() == "Softmax" || has_vector(*node))) || adds_to_rows(*node, *shape))
        through_matrix(*node, *shape);
      if (node->op() == "Reshape" && shape->rank() == 4) order(*node, *shape);
      if (node->op() == "BiasAdd" && shape->rank() < 4) node->attributes.erase("data_format");
    }
  }

 private:
  [[nodiscard]] const Shape* static_shape(const Endpoint& endpoint) const {
    const ops::Known* known = passes::find_known(known_, endpoint);
    const bool is_it =
        known != nullptr && known->dtype == DType::kFloat32 && known->shape.has_rank() && known->shape.is_static();
    return is_it ? &known->shape : nullptr;
  }
  Endpoint sizes(const Node& near, const Shape& shape) {
    return graph_
        .add_const(graph_.unique_name(near.name() + "/sizes"), Tensor::vector(shape.sizes()).cast(DType::kInt32))
        .output();
  }
  void become_reshape(Node& node, const Endpoint& x, const Shape& shape) {
    const Endpoint to = sizes(node, shape);
    node.set_op("Reshape");
    node.inputs = {x, to};
    node.attributes = {{"T", DType::kFloat32}, {"Tshape", DType::kInt32}};
  }

  // Which input of an elementwise node is a constant with one number for each channel.
  static std::optional<size_t> vector_of(const Node& node) {
    const auto& op = node.op();
    if (op != "BiasAdd" && op != "Add" && op != "AddV2" && op != "Sub" && op != "Mul" && op != "RealDiv")
      return std::nullopt;
    for (const size_t i : {size_t{0}, size_t{1}}) {
      const Tensor* value = i < node.inputs.size() ? passes::const_value(node.inputs[i]) : nullptr;
      if (value != nullptr && value->n_elements() > 1 && value->shape().last() == value->n_elements()) return i;
    }
    return std::nullopt;
  }
  static bool has_vector(const Node& node) { return vector_of(node).has_value(); }

  // A bias of the matrix product before it is a part of that.
  static bool adds_to_rows(const Node& node, const Shape& shape) {
    if (shape.rank() != 2 || shape[0] == 1 || !has_vector(node) || node.op() == "Mul" || node.op() == "RealDiv")
      return false;
    return node.op() != "BiasAdd" || node.inputs[0].node->op() != "MatMul";
  }

  static Tensor repeated(const Tensor& vector, int64_t n) {
    const auto values = vector.aligned();
    std::vector<float> all(static_cast<size_t>(n));
    for (size_t i = 0; i < all.size(); ++i)
      all[i] = values.values<float>()[i % static_cast<size_t>(values.n_elements())];
    return Tensor::vector(all);
  }

  // Of three axes the importer takes the second for the channels; of two they are the last.
  void through_matrix(Node& node, const Shape& shape) {
    const auto vector = vector_of(node);
    // A constant stands along the first axis of its size: on one row, and said for all of it, that is the only one.
    const Shape matrix = vector ? Shape{1, shape.n_elements()} : Shape{shape[0] * shape[1], shape.last()};
    const size_t x = vector && *vector == 0 ? 1 : 0;
    if (static_shape(node.inputs[x]) == nullptr || *static_shape(node.inputs[x]) != shape) return;
    Node& flat =
        graph_.add("Reshape", graph_.unique_name(node.name() + "/matrix"), {node.inputs[x], sizes(node, matrix)});
    flat.set("T", DType::kFloat32).set("Tshape", DType::kInt32);
    std::vector<Endpoint> inputs = node.inputs;
    inputs[x] = flat.output();
    if (vector) {
      inputs[*vector] = graph_
                            .add_const(graph_.unique_name(node.name() + "/vector"),
                                       repeated(*passes::const_value(inputs[*vector]), shape.n_elements()))
                            .output();
    }
    Node& made = graph_.add(node.op(), graph_.unique_name(node.name() + "/of_matrix"), std::move(inputs));
    made.attributes = node.attributes;
    made.attributes.erase("data_format");
    become_reshape(node, made.output(), shape);
  }

  // One size of channels or of space is nothing to be ordered.
  void order(Node& node, const Shape& shape) {
    const Tensor* to = passes::const_value(node.input(1));
    const bool is_vector = shape[1] * shape[2] == 1;
    if (to == nullptr || is_vector || shape[3] == 1 || shape[0] != 1) return;
    const Shape places{shape[0], shape[1] * shape[2], shape[3]};
    Endpoint x = node.inputs[0];
    if (const Shape* from = static_shape(x); from == nullptr || *from != places) {
      Node& matrix = graph_.add("Reshape", graph_.unique_name(node.name() + "/matrix"), {x, sizes(node, places)});
      matrix.set("T", DType::kFloat32).set("Tshape", DType::kInt32);
      x = matrix.output();
    }
    const Endpoint ordered = to_four_axes(graph_, graph_.unique_name(node.name() + "/ordered"), x, shape);
    node.set_op("Identity");
    node.inputs = {ordered};
    node.attributes = {{"T", DType::kFloat32}};
  }

  Graph& graph_;
  ops::KnownMap known_;
};

}  // namespace

Endpoint to_four_axes(Graph& graph, const std::string& name, const Endpoint& x, const Shape& shape) {
  const auto add = [&](const char* op, const std::string& node_name, const Endpoint& input, const Tensor& constant) {
    Node& numbers = graph.add_const(graph.unique_name(node_name + "/numbers"), constant);
    Node& node = graph.add(op, graph.unique_name(node_name), {input, numbers.output()});
    node.set("T", DType::kFloat32);
    return node.output();
  };
  const auto move = [&](const char* op, const std::string& node_name, const Endpoint& input,
                        const std::vector<int64_t>& numbers) {
    const Endpoint result = add(op, node_name, input, Tensor::vector(numbers).cast(DType::kInt32));
    result.node->set(std::string_view(op) == "Reshape" ? "Tshape" : "Tperm", DType::kInt32);
    return result;
  };
  // Sizes that begin with two ones it takes for another order: one channel has a second beside it meanwhile.
  const bool is_single = shape[0] * shape[3] == 1;
  const int64_t n_channels = is_single ? 2 : shape[3], n_places = shape[1] * shape[2];
  Endpoint places = x;
  if (is_single) {
    places = add("MatMul", name + "/pair", move("Reshape", name + "/column", x, {n_places, 1}),
                 Tensor::of<float>({1, 2}, {1, 1}));
    places = move("Reshape", name + "/pairs", places, {1, n_places, 2});
  }
  const Endpoint channels = move("Transpose", name + "/channels_first", places, {0, 2, 1});
  const Endpoint space = move("Reshape", name + "/space", channels, {shape[0], n_channels, shape[1], shape[2]});
  const Endpoint result = move("Transpose", is_single ? name + "/both" : name, space, {0, 2, 3, 1});
  if (!is_single) return result;
  const Endpoint single = add("Conv2D", name, result, Tensor::of<float>({1, 1, 2, 1}, {1, 0}));
  single.node->set("padding", "VALID").set("data_format", "NHWC").set("strides", std::vector<int64_t>{1, 1, 1, 1});
  return single;
}

void rewrite_ranks(Graph& graph) { Ranks(graph).run(); }

}  // namespace hoarfrost::targets::opencv
