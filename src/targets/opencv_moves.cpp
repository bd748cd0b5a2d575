#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "passes/edit.h"
#include "targets/opencv_rewrites.h"
#include "targets/opencv_rows.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

constexpr int64_t kMostNumbered = int64_t{1} << 24;  // whole numbers that float32 holds

// What puts elements of one value elsewhere, by constants alone. Where the importer knows the op, of four axes or
// fewer.
const std::set<std::string_view> kMoving{
    "Tile",         "GatherV2", "Gather",     "GatherNd", "ReverseV2",      "BroadcastTo",    "StridedSlice",
    "PadV2",        "Pad",      "MirrorPad",  "Slice",    "SpaceToBatchND", "BatchToSpaceND", "DepthToSpace",
    "SpaceToDepth", "Roll",     "ExpandDims", "Squeeze",  "ZerosLike",      "OnesLike"};

class Moves {
 public:
  explicit Moves(Graph& graph) : graph_(graph), rows_(graph), uses_(graph) {}

  void run() {
    for (Node* node : graph::topological_order(graph_)) {
      const Shape* shape = rows_.shape_of(node->output());
      if (shape == nullptr || node->inputs.empty() || shape->n_elements() == 0) continue;
      const auto& op = node->op();
      if (op == "Unpack" || op == "Split" || op == "SplitV") part(*node);
      if (op == "Transpose") turn(*node, *shape);
      if (op == "Reshape") reshape(*node, *shape);
      if (kMoving.contains(op) && !is_read(*node)) move(*node, *shape);
      if (op == "ConcatV2" || op == "Pack") join(*node, *shape);
      if (op == "Mean" || op == "Sum" || op == "Max") reduce(*node, *shape);
      if (op == "Softmax" && shape->rank() > 3) soften(*node, *shape);
    }
    passes::redirect(graph_, replaced_);
  }

 private:
  // What the importer does by itself: of four axes what it knows, of fewer what has no layout.
  [[nodiscard]] bool is_read(const Node& node) const {
    const auto& op = node.op();
    const Shape* from = rows_.shape_of(node.input(0));
    if (from == nullptr) return true;
    if (op == "Slice" || op == "Pad") return from->rank() <= 4;
    if (op == "MirrorPad") return from->rank() == 4 && node.get_or<std::string>("mode", "") == "REFLECT";
    return (op == "SpaceToBatchND" || op == "BatchToSpaceND") && from->rank() == 4 && is_dilated(node);
  }

  // A convolution between the two.
  [[nodiscard]] bool is_dilated(const Node& node) const {
    const auto is_convolution = [](const Node& n) { return n.op() == "Conv2D" || n.op() == "DepthwiseConv2dNative"; };
    if (node.op() == "BatchToSpaceND") return is_convolution(*node.input(0).node);
    const auto& users = uses_.of(node);
    return users.size() == 1 && is_convolution(*users[0]);
  }

  // The one value that the node moves, which is its first input; the others are constants.
  static bool has_constants(const Node& node, size_t from) {
    for (size_t i = from; i < node.inputs.size(); ++i) {
      if (passes::const_value(node.inputs[i]) == nullptr) return false;
    }
    return true;
  }

  // What the node makes of the numbers 1, 2, … says where each goes, and what it makes of zeros which are of its own.
  std::vector<Tensor> run_on(const Node& node, const Shape& shape, bool is_numbered) const {
    Tensor numbers(DType::kFloat32, shape);
    if (is_numbered) std::iota(numbers.mutable_values<float>().begin(), numbers.mutable_values<float>().end(), 1.0F);
    std::vector<Tensor> inputs;
    for (const Endpoint& input : node.inputs) {
      const Tensor* value = passes::const_value(input);
      inputs.push_back(value == nullptr ? numbers : value->aligned());
    }
    return ops::run_node(node, inputs);
  }

  void move(Node& node, const Shape& shape) {
    const Shape* from = rows_.shape_of(node.input(0));
    if (from == nullptr || from->n_elements() >= kMostNumbered || !has_constants(node, 1) ||
        passes::const_value(node.input(0)) != nullptr)
      return;
    const Tensor numbered = run_on(node, *from, true)[0], own = run_on(node, *from, false)[0];
    const auto row = rows_.row_of(node, node.inputs[0]);
    const auto moved = row ? placed(node, *row, from->n_elements(), numbered, own) : std::nullopt;
    if (moved) rows_.become(node, *moved, shape);
  }

  std::optional<Endpoint> placed(const Node& near, const Endpoint& row, int64_t n, const Tensor& numbered,
                                 const Tensor& own) {
    const auto values = numbered.values<float>(), constants = own.values<float>();
    Selection selection;
    bool has_own = false;
    for (size_t k = 0; k < values.size(); ++k) {
      const bool is_own = values[k] == constants[k];
      selection.push_back(is_own ? -1 : static_cast<int64_t>(values[k]) - 1);
      has_own = has_own || constants[k] != 0;
    }
    const auto moved = rows_.select(near, row, n, selection);
    if (!moved || !has_own) return moved;
    const Endpoint added = rows_.constant(near, own.reshaped({own.n_elements()}));
    return rows_.make(near, "AddV2", {*moved, added});
  }

  void turn(Node& node, const Shape& shape) {
    const Shape* from = rows_.shape_of(node.input(0));
    const Tensor* order = passes::const_value(node.input(1));
    const bool is_named = from != nullptr && node.input(0).node->op() == "Reshape" && is_order(order, {0, 2, 3, 1});
    if (from == nullptr || order == nullptr || is_named ||
        (from->rank() < 4 && !Rows::is_channels_first(node.inputs[0])))
      return;
    if (from->rank() < 4) return;
    std::vector<int64_t> places;
    const Reader reader(*order);
    for (int64_t i = 0; i < order->n_elements(); ++i) places.push_back(static_cast<int64_t>(reader[i]));
    if (const auto row = rows_.row_of(node, node.inputs[0]))
      rows_.become(node, rows_.permuted(node, *row, *from, places), shape);
  }

  static bool is_order(const Tensor* order, const std::vector<int64_t>& wanted) {
    if (order == nullptr || order->n_elements() != static_cast<int64_t>(wanted.size())) return false;
    const Reader reader(*order);
    for (size_t i = 0; i < wanted.size(); ++i) {
      if (static_cast<int64_t>(reader[static_cast<int64_t>(i)]) != wanted[i]) return false;
    }
    return true;
  }

  // Of a volume, whose channels the importer does not move; to four axes several pictures or one channel; to more than
  // four of a picture, for the importer would go on to take that for one.
  void reshape(Node& node, const Shape& shape) {
    const Shape* from = rows_.shape_of(node.input(0));
    if (from == nullptr) return;
    const bool is_volume =
        from->rank() == 5 && Rows::is_channels_first(node.inputs[0]) && from->n_elements() != from->last() * (*from)[0];
    const bool is_picture = shape.rank() == 4 && shape[0] * shape[1] * shape[2] > 1;
    const bool is_ordered = is_ordered_already(node);
    const bool is_of_picture = from->rank() == 4 && Rows::is_channels_first(node.inputs[0]);
    const bool is_of_many = is_of_picture && shape.rank() > 4;
    if (!is_volume && !is_of_many && (!is_picture || (is_ordered && !is_of_picture))) return;
    const auto row = rows_.row_of(node, node.inputs[0]);
    if (row && is_ordered)
      node.inputs = {*row, rows_.constant(node, Tensor::vector(shape.sizes()).cast(DType::kInt32))};
    if (row && !is_ordered) rows_.become(node, *row, shape);
  }
  [[nodiscard]] bool is_ordered_already(const Node& node) const {
    const auto& users = uses_.of(node);
    return !users.empty() && std::ranges::all_of(users, [](const Node* user) {
      return user->op() == "Transpose" && is_order(passes::const_value(user->input(1)), {0, 2, 3, 1});
    });
  }

  // Each output of its own.
  void part(Node& node) {
    const size_t place = node.op() == "Split" ? 1 : 0;
    const Shape* from = rows_.shape_of(node.input(place));
    if (from == nullptr || passes::const_value(node.input(place)) != nullptr) return;
    if (node.op() == "Split" && (from->rank() == 2 || from->rank() == 4)) return;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (i != place && passes::const_value(node.inputs[i]) == nullptr) return;
    }
    const auto row = rows_.row_of(node, node.inputs[place]);
    if (!row) return;
    const auto numbered = run_on(node, *from, true), own = run_on(node, *from, false);
    for (size_t i = 0; i < numbered.size(); ++i) {
      const auto moved = placed(node, *row, from->n_elements(), numbered[i], own[i]);
      if (!moved) return;
      Node& made = graph_.add("Reshape", graph_.unique_name(node.name() + "/part"));
      rows_.become(made, *moved, numbered[i].shape());
      replaced_[node.output(static_cast<int>(i))] = made.output();
    }
  }

  // Rows after each other, and then their elements at their places.
  void join(Node& node, const Shape& shape) {
    const bool is_concat = node.op() == "ConcatV2";
    const size_t n_parts = node.inputs.size() - (is_concat ? 1 : 0);
    bool is_read = is_concat;
    Selection selection(static_cast<size_t>(shape.n_elements()));
    std::vector<Tensor> numbered;
    int64_t n = 0;
    for (size_t i = 0; i < n_parts; ++i) {
      const Tensor* value = passes::const_value(node.inputs[i]);
      const Shape* part = value != nullptr ? &value->shape() : rows_.shape_of(node.inputs[i]);
      if (part == nullptr || n + part->n_elements() >= kMostNumbered) return;
      is_read = is_read && (part->rank() < 3 || (part->rank() == 4 && value == nullptr));
      Tensor& numbers = numbered.emplace_back(DType::kFloat32, *part);
      std::iota(numbers.mutable_values<float>().begin(), numbers.mutable_values<float>().end(), static_cast<float>(n));
      n += part->n_elements();
    }
    if (is_read || (is_concat && shape.rank() == 3 && has_no_constant(node, n_parts))) return;
    if (is_concat) numbered.push_back(*passes::const_value(node.input(n_parts)));
    const Tensor places = ops::run_node(node, numbered)[0];
    std::ranges::transform(places.values<float>(), selection.begin(), [](float f) { return static_cast<int64_t>(f); });
    std::vector<Endpoint> parts;
    for (size_t i = 0; i < n_parts; ++i) {
      const Tensor* value = passes::const_value(node.inputs[i]);
      const auto row = value != nullptr ? rows_.constant(node, value->copied().reshaped({1, value->n_elements()}))
                                        : rows_.row_of(node, node.inputs[i]);
      if (!row) return;
      parts.push_back(*row);
    }
    parts.push_back(rows_.constant(node, Tensor::scalar<int32_t>(1)));
    const Endpoint all = rows_.make(node, "ConcatV2", std::move(parts));
    all.node->set("Tidx", DType::kInt32).set("N", static_cast<int64_t>(n_parts));
    if (const auto moved = rows_.select(node, all, n, selection)) rows_.become(node, *moved, shape);
  }
  [[nodiscard]] static bool has_no_constant(const Node& node, size_t n_parts) {
    return std::none_of(node.inputs.begin(), node.inputs.begin() + static_cast<std::ptrdiff_t>(n_parts),
                        [](const Endpoint& part) { return passes::const_value(part) != nullptr; });
  }

  void reduce(Node& node, const Shape& shape) {
    const Shape* from = rows_.shape_of(node.input(0));
    const Tensor* axes = passes::const_value(node.input(1));
    if (from == nullptr || axes == nullptr) return;
    std::set<int64_t> reduced;
    const Reader reader(*axes);
    for (int64_t i = 0; i < axes->n_elements(); ++i)
      reduced.insert(static_cast<int64_t>(reader[i] < 0 ? reader[i] + from->rank() : reader[i]));
    if (from->rank() == 4 && reduced == std::set<int64_t>{1, 2} && Rows::is_channels_first(node.inputs[0])) return;
    const auto row = rows_.row_of(node, node.inputs[0]);
    if (!row) return;
    std::vector<int64_t> kept, gone;
    int64_t n_gone = 1;
    for (int64_t axis = 0; axis < from->rank(); ++axis) {
      (reduced.contains(axis) ? gone : kept).push_back(axis);
      if (reduced.contains(axis)) n_gone *= from->sizes()[static_cast<size_t>(axis)];
    }
    const int64_t n_kept = from->n_elements() / n_gone;
    std::vector<int64_t> order = node.op() == "Max" ? gone : kept;
    const auto& rest = node.op() == "Max" ? kept : gone;
    order.insert(order.end(), rest.begin(), rest.end());
    const Endpoint turned = rows_.permuted(node, *row, *from, order);
    if (node.op() == "Max") {
      return rows_.become(node, rows_.largest(node, turned, n_gone, n_kept), shape);
    }
    Tensor ones(DType::kFloat32, {n_gone, 1});
    std::ranges::fill(ones.mutable_values<float>(), node.op() == "Mean" ? 1.0F / static_cast<float>(n_gone) : 1.0F);
    const Endpoint matrix = rows_.reshape(node, turned, {n_kept, n_gone});
    const Endpoint sums = rows_.make(node, "MatMul", {matrix, rows_.constant(node, std::move(ones))});
    rows_.become(node, rows_.reshape(node, sums, {1, n_kept}), shape);
  }

  // OpenCV 4 takes it along the second axis, OpenCV 5 along the last: of a matrix they are one.
  void soften(Node& node, const Shape& shape) {
    const auto row = rows_.row_of(node, node.input(0));
    if (!row) return;
    const Endpoint matrix = rows_.reshape(node, *row, {shape.n_elements() / shape.last(), shape.last()});
    const Endpoint result = rows_.make(node, "Softmax", {matrix});
    rows_.become(node, rows_.reshape(node, result, {1, shape.n_elements()}), shape);
  }

  Graph& graph_;
  Rows rows_;
  passes::Uses uses_;
  std::map<Endpoint, Endpoint> replaced_;
};

}  // namespace

void rewrite_moves(Graph& graph) { Moves(graph).run(); }

}  // namespace hoarfrost::targets::opencv
