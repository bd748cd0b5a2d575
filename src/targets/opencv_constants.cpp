#include <hoarfrost/passes.h>

#include <array>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr int64_t kMostOneHot = int64_t{1} << 24;  // elements of all one-hot rows together

class Lookups {
 public:
  explicit Lookups(Graph& graph) : graph_(graph), known_(passes::infer_known(graph)) {}

  void run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes) {
      const bool is_lookup = node->op() == "Gather" || (node->op() == "GatherV2" && is_first_axis(*node));
      if (is_lookup) rewrite(*node);
    }
  }

 private:
  static bool is_first_axis(const Node& node) {
    const Tensor* axis = node.inputs.size() == 3 ? passes::const_value(node.inputs[2]) : nullptr;
    return axis != nullptr && Reader(*axis)[0] == 0 && node.get_or<int64_t>("batch_dims", 0) == 0;
  }

  Endpoint constant(const Node& near, const char* name, Tensor value) {
    return graph_.add_const(graph_.unique_name(near.name() + "/" + name), std::move(value)).output();
  }
  Endpoint make(const Node& near, const char* op, std::vector<Endpoint> inputs) {
    Node& node = graph_.add(op, graph_.unique_name(near.name() + "/" + op), std::move(inputs));
    node.set("T", DType::kFloat32);
    return node.output();
  }
  Endpoint reshape(const Node& near, const Endpoint& x, const std::vector<int64_t>& sizes) {
    const Endpoint result =
        make(near, "Reshape", {x, constant(near, "shape", Tensor::vector(sizes).cast(DType::kInt32))});
    result.node->set("Tshape", DType::kInt32);
    return result;
  }

  // relu(1 - |i - j|) is one where the whole number i is j, and zero elsewhere.
  void rewrite(Node& node) {
    const Tensor* table = passes::const_value(node.input(0));
    const Node& cast = *node.input(1).node;
    const ops::Known* indices = passes::find_known(known_, node.input(1));
    if (table == nullptr || table->dtype() != DType::kFloat32 || table->shape().rank() != 2 || cast.op() != "Cast" ||
        indices == nullptr)
      return;
    if (cast.get_or<DType>("SrcT", DType::kInvalid) != DType::kFloat32 || !indices->shape.has_rank() ||
        !indices->shape.is_static())
      return;
    const int64_t n = indices->shape.n_elements(), n_rows = table->shape()[0], n_columns = table->shape()[1];
    if (n * n_rows > kMostOneHot) return;
    std::vector<float> negative(static_cast<size_t>(n_rows));
    for (size_t i = 0; i < negative.size(); ++i) negative[i] = -static_cast<float>(i);
    const Tensor ones = Tensor::vector(std::vector<float>(negative.size(), 1.0F)).reshaped({1, n_rows});
    const Endpoint repeated =
        make(node, "MatMul", {reshape(node, cast.input(0), {n, 1}), constant(node, "ones", ones)});
    const Endpoint distance =
        make(node, "Abs", {make(node, "AddV2", {repeated, constant(node, "rows", Tensor::vector(negative))})});
    const Endpoint nearness = make(node, "AddV2",
                                   {make(node, "Mul", {distance, constant(node, "minus_one", Tensor::scalar(-1.0F))}),
                                    constant(node, "one", Tensor::scalar(1.0F))});
    const Endpoint rows = make(node, "MatMul", {make(node, "Relu", {nearness}), node.inputs[0]});
    std::vector<int64_t> sizes = indices->shape.sizes();
    sizes.push_back(n_columns);
    const Endpoint result = constant(node, "result_shape", Tensor::vector(sizes).cast(DType::kInt32));
    node.set_op("Reshape");
    node.inputs = {rows, result};
    node.attributes = {{"T", DType::kFloat32}, {"Tshape", DType::kInt32}};
  }

  Graph& graph_;
  ops::KnownMap known_;
};

}  // namespace

void rewrite_lookups(Graph& graph) { Lookups(graph).run(); }

void rewrite_constants(Graph& graph) {
  static constexpr std::array<const char*, 9> kIndexTypes{"Tshape", "Tidx",         "Tperm",  "Tpaddings", "Index",
                                                          "Tdim",   "Tblock_shape", "Tcrops", "Tindices"};
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes()) nodes.push_back(node.get());
  for (Node* node : nodes) {
    for (const char* key : kIndexTypes) {
      if (node->get_or<DType>(key, DType::kInvalid) == DType::kInt64)
        node->set(key, DType::kInt32);
      else
        continue;
      for (Endpoint& input : node->inputs) {
        const Tensor* value = passes::const_value(input);
        if (value != nullptr && value->dtype() == DType::kInt64)
          input =
              graph.add_const(graph.unique_name(input.node->name() + "/int32"), value->cast(DType::kInt32)).output();
      }
    }
    if (node->op() == "Const" && dtype_size(node->value().dtype()) != 0 &&
        node->value().n_said() != node->value().n_elements())
      node->set("value", node->value().copied());
  }
}

}  // namespace hoarfrost::targets::opencv
