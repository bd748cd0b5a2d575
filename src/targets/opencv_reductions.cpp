#include <hoarfrost/passes.h>

#include <deque>
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

constexpr int64_t kMostChannels = 4096;  // of a filter of as many squared

const std::set<std::string_view> kElementwise{
    "Add", "AddV2", "Sub",     "Mul",     "RealDiv", "SquaredDifference", "Rsqrt", "Sqrt", "Square",  "Exp",
    "Log", "Neg",   "Maximum", "Minimum", "Abs",     "Sigmoid",           "Tanh",  "Relu", "Identity"};

class Reductions {
 public:
  Reductions(Graph& graph, const graph::Signature& signature)
      : graph_(graph), signature_(signature), known_(passes::infer_known(graph)), uses_(graph) {}

  void run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes) {
      if (node->op() != "Mean" && node->op() != "Sum") continue;
      if (node->get_or<DType>("T", DType::kFloat32) == DType::kFloat32) reduce(*node);
    }
  }

 private:
  [[nodiscard]] const Shape* static_shape(const Endpoint& endpoint) const {
    const ops::Known* known = passes::find_known(known_, endpoint);
    return known == nullptr || !known->shape.has_rank() || !known->shape.is_static() ? nullptr : &known->shape;
  }

  void reduce(Node& node) {
    const Shape* shape = static_shape(node.input(0));
    const Tensor* axes = passes::const_value(node.input(1));
    if (shape == nullptr || axes == nullptr) return;
    std::set<int64_t> reduced;
    const Reader reader(*axes);
    for (int64_t i = 0; i < axes->n_elements(); ++i) {
      const auto axis = static_cast<int64_t>(reader[i]);
      reduced.insert(axis < 0 ? axis + shape->rank() : axis);
    }
    if (shape->rank() == 4 && reduced == std::set<int64_t>{3} && node.get_or<bool>("keep_dims", false))
      over_channels(node, *shape);
    if (shape->rank() == 5 && reduced == std::set<int64_t>{1, 2, 3} && node.op() == "Mean") over_space(node, *shape);
  }

  // The sum stands at every channel, so that what meets it has its shape: the importer does not broadcast [.., 1] to
  // [.., C]. Right only where what is made of it comes to that shape anyhow.
  void over_channels(Node& node, const Shape& shape) {
    if (shape[3] > kMostChannels || !comes_to(node, shape)) return;
    const float value = node.op() == "Mean" ? 1.0F / static_cast<float>(shape[3]) : 1.0F;
    Tensor filter(DType::kFloat32, {1, 1, shape[3], shape[3]});
    for (float& weight : filter.mutable_values<float>()) weight = value;
    node.set_op("Conv2D");
    node.inputs[1] = graph_.add_const(graph_.unique_name(node.name() + "/filter"), std::move(filter)).output();
    node.attributes.clear();
    node.set("T", DType::kFloat32)
        .set("padding", "VALID")
        .set("data_format", "NHWC")
        .set("strides", std::vector<int64_t>{1, 1, 1, 1});
  }

  bool comes_to(const Node& mean, const Shape& shape) const {
    std::deque<const Node*> open{&mean};
    std::set<const Node*> seen;
    while (!open.empty()) {
      const Node& node = *open.front();
      open.pop_front();
      if (passes::is_output(signature_, node) || uses_.of(node).empty()) return false;
      for (const Node* user : uses_.of(node)) {
        const Shape* result = static_shape({const_cast<Node*>(user), 0});
        if (!kElementwise.contains(user->op()) || result == nullptr) return false;
        if (*result == shape || !seen.insert(user).second) continue;
        if (result->rank() != 4 || result->last() != 1) return false;
        open.push_back(user);
      }
    }
    return true;
  }

  void over_space(Node& node, const Shape& shape) {
    const Shape* result = static_shape(node.output());
    if (result == nullptr) return;
    const std::vector<int64_t> window{1, shape[1], shape[2], shape[3], 1};
    Node& pool = graph_.add("AvgPool3D", graph_.unique_name(node.name() + "/AvgPool3D"), {node.input(0)});
    pool.set("T", DType::kFloat32)
        .set("padding", "VALID")
        .set("data_format", "NDHWC")
        .set("ksize", window)
        .set("strides", window);
    node.set_op("Reshape");
    node.inputs = {pool.output(), graph_
                                      .add_const(graph_.unique_name(node.name() + "/shape"),
                                                 Tensor::vector(result->sizes()).cast(DType::kInt32))
                                      .output()};
    node.attributes = {{"T", DType::kFloat32}, {"Tshape", DType::kInt32}};
  }

  Graph& graph_;
  const graph::Signature& signature_;
  ops::KnownMap known_;
  passes::Uses uses_;
};

}  // namespace

void rewrite_reductions(Graph& graph, const graph::Signature& signature) { Reductions(graph, signature).run(); }

}  // namespace hoarfrost::targets::opencv
