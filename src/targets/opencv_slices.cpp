#include <fmt/format.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <map>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

Tensor sizes_tensor(const std::vector<int64_t>& sizes) { return Tensor::vector(sizes).cast(DType::kInt32); }

class Slices {
 public:
  explicit Slices(Graph& graph) : graph_(graph), known_(passes::infer_known(graph)) {}

  void run() {
    std::vector<Node*> nodes;
    for (const auto& node : graph_.nodes()) nodes.push_back(node.get());
    for (Node* node : nodes) {
      if (node->op() == "Unpack") unpack(*node);
      if (node->op() == "Pack") pack(*node);
      if (node->op() == "StridedSlice") strided(*node);
    }
    passes::redirect(graph_, replaced_);
  }

 private:
  [[nodiscard]] const Shape* static_shape(const Endpoint& endpoint) const {
    const ops::Known* known = passes::find_known(known_, endpoint);
    return known == nullptr || !known->shape.has_rank() || !known->shape.is_static() ? nullptr : &known->shape;
  }

  Endpoint reshape(const std::string& name, const Endpoint& x, DType dtype, const Shape& shape) {
    Node& sizes = graph_.add_const(graph_.unique_name(name + "/shape"), sizes_tensor(shape.sizes()));
    Node& node = graph_.add("Reshape", graph_.unique_name(name), {x, sizes.output()});
    node.set("T", dtype).set("Tshape", DType::kInt32);
    return node.output();
  }
  Endpoint slice(const std::string& name, const Endpoint& x, DType dtype, const std::vector<int64_t>& begin,
                 const std::vector<int64_t>& size) {
    Node& first = graph_.add_const(graph_.unique_name(name + "/begin"), sizes_tensor(begin));
    Node& sizes = graph_.add_const(graph_.unique_name(name + "/size"), sizes_tensor(size));
    Node& node = graph_.add("Slice", graph_.unique_name(name), {x, first.output(), sizes.output()});
    node.set("T", dtype).set("Index", DType::kInt32);
    return node.output();
  }

  // With nothing but ones before the axis its parts are rows of a matrix, which has no layout to be mistaken.
  void unpack(Node& node) {
    const Shape* shape = static_shape(node.input(0));
    if (shape == nullptr || shape->rank() == 0) return;
    const int64_t given = node.get_or<int64_t>("axis", 0);
    const int axis = static_cast<int>(given < 0 ? given + shape->rank() : given);
    int64_t before = 1;
    for (int i = 0; i < axis; ++i) before *= (*shape)[i];
    if (before != 1 || axis >= shape->rank()) return;
    const DType dtype = node.get_or<DType>("T", DType::kFloat32);
    const int64_t n = (*shape)[axis], n_row = n == 0 ? 0 : shape->n_elements() / n;
    const Endpoint matrix = reshape(node.name() + "/rows", node.inputs[0], dtype, {n, n_row});
    Shape part;
    for (int i = 0; i < shape->rank(); ++i) {
      if (i != axis) part.push_back((*shape)[i]);
    }
    for (int64_t i = 0; i < n; ++i) {
      Endpoint row = slice(fmt::format("{}/row_{}", node.name(), i), matrix, dtype, {i, 0}, {1, n_row});
      if (part != Shape{1, n_row}) row = reshape(fmt::format("{}/part_{}", node.name(), i), row, dtype, part);
      replaced_[node.output(static_cast<int>(i))] = row;
    }
  }

  // With nothing but ones before the new axis its parts are put together as rows.
  void pack(Node& node) {
    const Shape* shape = static_shape(node.output());
    const auto is_const = [](const Endpoint& part) { return passes::const_value(part) != nullptr; };
    if (shape == nullptr || node.get_or<DType>("T", DType::kFloat32) != DType::kFloat32 ||
        std::ranges::any_of(node.inputs, is_const))
      return;
    const int64_t given = node.get_or<int64_t>("axis", 0);
    const int axis = static_cast<int>(given < 0 ? given + shape->rank() : given);
    int64_t before = 1;
    for (int i = 0; i < axis; ++i) before *= (*shape)[i];
    if (before != 1 || (*shape)[axis] == 0) return;
    std::vector<Endpoint> parts;
    for (size_t i = 0; i < node.inputs.size(); ++i)
      parts.push_back(reshape(fmt::format("{}/part_{}", node.name(), i), node.inputs[i], DType::kFloat32,
                              {1, shape->n_elements() / (*shape)[axis]}));
    parts.push_back(graph_.add_const(graph_.unique_name(node.name() + "/axis"), Tensor::scalar<int32_t>(1)).output());
    Node& row = graph_.add("ConcatV2", graph_.unique_name(node.name() + "/row"), std::move(parts));
    row.set("T", DType::kFloat32).set("Tidx", DType::kInt32).set("N", (*shape)[axis]);
    node.set_op("Reshape");
    node.attributes = {{"T", DType::kFloat32}, {"Tshape", DType::kInt32}};
    node.inputs = {row.output(),
                   graph_.add_const(graph_.unique_name(node.name() + "/shape"), sizes_tensor(shape->sizes())).output()};
  }

  // Steps of one from constant places: a Slice, and a Reshape where axes are dropped.
  void strided(Node& node) {
    const Shape *input = static_shape(node.input(0)), *output = static_shape(node.output());
    if (input == nullptr || output == nullptr || node.get_or<int64_t>("new_axis_mask", 0) != 0 ||
        node.get_or<int64_t>("ellipsis_mask", 0) != 0)
      return;
    std::vector<std::vector<int64_t>> places;
    for (size_t i = 1; i < 4; ++i) {
      const Tensor* value = passes::const_value(node.input(i));
      if (value == nullptr) return;
      const Reader reader(*value);
      auto& into = places.emplace_back();
      for (int64_t k = 0; k < value->n_elements(); ++k) into.push_back(static_cast<int64_t>(reader[k]));
    }
    std::vector<int64_t> begin(static_cast<size_t>(input->rank())), size = input->sizes();
    for (size_t axis = 0; axis < places[0].size(); ++axis) {
      const auto is_set = [&](const char* mask) { return (node.get_or<int64_t>(mask, 0) >> axis & 1) != 0; };
      const int64_t n = input->sizes()[axis];
      const auto within = [&](int64_t place) { return std::clamp<int64_t>(place < 0 ? place + n : place, 0, n); };
      if (places[2][axis] != 1) return;
      begin[axis] = is_set("begin_mask") ? 0 : within(places[0][axis]);
      size[axis] = is_set("shrink_axis_mask") ? 1 : (is_set("end_mask") ? n : within(places[1][axis])) - begin[axis];
      if (size[axis] <= 0) return;
    }
    const DType dtype = node.get_or<DType>("T", DType::kFloat32);
    Endpoint part = slice(node.name() + "/slice", node.inputs[0], dtype, begin, size);
    if (Shape(size) == *output) {  // the node itself, so that its name stays
      node.set_op("Identity");
      node.inputs = {part};
      node.attributes = {{"T", dtype}};
      return;
    }
    node.set_op("Reshape");
    node.inputs = {
        part, graph_.add_const(graph_.unique_name(node.name() + "/shape"), sizes_tensor(output->sizes())).output()};
    node.attributes = {{"T", dtype}, {"Tshape", DType::kInt32}};
  }

  Graph& graph_;
  ops::KnownMap known_;
  std::map<Endpoint, Endpoint> replaced_;
};

// A Reshape of a Reshape needs only the last.
void join_reshapes(Graph& graph) {
  for (Node* node : graph::topological_order(graph)) {
    if (node->op() != "Reshape" || node->inputs.size() != 2) continue;
    const Tensor* sizes = passes::const_value(node->inputs[1]);
    if (sizes == nullptr) continue;
    while (node->inputs[0].node->op() == "Reshape") node->inputs[0] = node->inputs[0].node->input(0);
  }
}

}  // namespace

void rewrite_slices(Graph& graph) {
  Slices(graph).run();
  join_reshapes(graph);
}

void separate_pads(Graph& graph) {
  const passes::Uses uses(graph);
  std::vector<Node*> pads;
  for (const auto& node : graph.nodes()) {
    if (node->op() == "Pad" && uses.of(*node).size() > 1) pads.push_back(node.get());
  }
  for (Node* pad : pads) {
    const auto users = uses.of(*pad);
    for (size_t i = 1; i < users.size(); ++i) {
      Node& twin = graph.add("Pad", graph.unique_name(pad->name()), pad->inputs);
      twin.attributes = pad->attributes;
      std::ranges::replace(users[i]->inputs, pad->output(), twin.output());
    }
  }
}

}  // namespace hoarfrost::targets::opencv
