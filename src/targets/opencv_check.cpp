#include <fmt/format.h>
#include <hoarfrost/passes.h>

#include <algorithm>
#include <set>
#include <vector>

#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/dialect.h"
#include "targets/opencv_layouts.h"
#include "targets/opencv_rewrites.h"
#include "targets/opencv_rows.h"

namespace hoarfrost::targets::opencv {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;

class Checker {
 public:
  explicit Checker(const Graph& graph) : known_(passes::infer_known(graph)), uses_(graph), layouts_(graph) {}

  void check(const Node& node) const {
    const auto& op = node.op();
    check_order(node);
    if (op == "BatchMatMul") check_batches(node);
    if (op == "Slice" || op == "Split" || op == "ConcatV2") check_axes(node);
    if (op == "Conv2D" || op == "DepthwiseConv2dNative" || op == "Conv3D") check_convolution(node);
    if (op == "MatMul") check_product(node);
    if (op == "Reshape") check_reshape(node);
    if (op == "Mean" || op == "Sum" || op == "Max") check_reduction(node);
    if (op == "Split" && shape_of(node, 1).rank() == 3) refuse(node, "OpenCV's importer splits two or four axes");
    if (op == "SpaceToBatchND" && shape_of(node, 0).rank() != 4)
      refuse(node, "OpenCV's importer knows it of four axes alone");
    if (op == "Transpose") check_transpose(node);
    if ((op == "Pad" || op == "MirrorPad" || op == "Slice" || op == "ConcatV2") && shape_of(node, 0).rank() > 4)
      refuse(node, "OpenCV's importer knows it of at most four axes");
    if (op == "Softmax" && shape_of(node, 0).rank() > 2)
      refuse(node, "OpenCV's importer takes it along the second axis or the last, as its version is");
    static const std::set<std::string_view> kBinary{"BiasAdd", "Add", "AddV2", "AddN", "Sub", "Mul", "RealDiv"};
    if (kBinary.contains(op)) check_elementwise(node);
  }

 private:
  [[nodiscard]] Shape shape_of(const Node& node, size_t input) const {
    const ops::Known* known = passes::find_known(known_, node.input(input));
    if (known == nullptr || !known->shape.has_rank() || !known->shape.is_static())
      refuse(node, "OpenCV's importer needs every size, and those of its input are not known");
    return known->shape;
  }

  static void check_convolution(const Node& node) {
    if (passes::const_value(node.input(1)) == nullptr) refuse(node, "its filter is no constant");
    if (!node.has("dilations")) return;
    const auto* dilations = std::get_if<std::vector<int64_t>>(&node.attributes.at("dilations"));
    const bool is_dilated = dilations != nullptr && std::ranges::any_of(*dilations, [](int64_t d) { return d != 1; });
    if (is_dilated) refuse(node, "OpenCV's importer does not read its dilations; it wants SpaceToBatchND around it");
  }

  static void check_product(const Node& node) {
    if (passes::const_value(node.input(1)) == nullptr) refuse(node, "its second factor is no constant");
    if (node.get_or<bool>("transpose_a", false) || node.get_or<bool>("transpose_b", false))
      refuse(node, "OpenCV's importer does not read that a factor is transposed");
  }

  void check_batches(const Node& node) const {
    for (const Endpoint& input : node.inputs) {
      if (passes::const_value(input) != nullptr) refuse(node, "a factor is a constant of several matrices");
    }
    const bool is_turned = node.get_or<bool>("adj_x", false) || node.get_or<bool>("adj_y", false);
    if (shape_of(node, 0).rank() != 3 || is_turned) refuse(node, "OpenCV's importer multiplies matrices of three axes");
  }

  static bool is_vector(const Shape& shape) { return shape.rank() == 4 && (shape[1] * shape[2] == 1 || shape[3] == 1); }
  [[nodiscard]] static bool is_picture(const Endpoint& x, const Shape& shape) {
    return shape.rank() > 3 && Rows::is_channels_first(x);
  }

  // What is read by its axes has four of them or five with the channels first; what a Reshape gives is in its order,
  // and may go where no order matters.
  void check_order(const Node& node) const {
    static const std::set<std::string_view> kOrderless{
        "Reshape", "Transpose", "Const",    "BatchMatMul", "Relu",        "Relu6",    "Elu",
        "Selu",    "Sigmoid",   "Tanh",     "Exp",         "Log",         "Abs",      "Square",
        "Sqrt",    "Floor",     "Identity", "Softplus",    "ClipByValue", "Erf",      "AddV2",
        "Add",     "AddN",      "Sub",      "Mul",         "RealDiv",     "Softsign", "LeakyRelu"};
    bool has_picture = false, has_plain = false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (passes::const_value(node.inputs[i]) != nullptr) continue;
      const Shape shape = shape_of(node, i);
      if (shape.rank() < 4) continue;
      (Rows::is_channels_first(node.inputs[i]) ? has_picture : has_plain) = true;
    }
    if (!has_plain) return;
    bool has_row = false;
    for (const Endpoint& input : node.inputs) {
      const Tensor* value = passes::const_value(input);
      has_row = has_row || (value != nullptr && value->n_elements() > 1);
    }
    const bool is_moving = node.op() == "Reshape" || node.op() == "Transpose";
    if (has_picture || !kOrderless.contains(node.op()) || (has_row && !is_moving))
      refuse(node, "OpenCV's importer does not know the order of its axes");
  }

  // Its axes are counted as those of a picture where the importer believes that it is one.
  void check_axes(const Node& node) const {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (passes::const_value(node.inputs[i]) != nullptr) continue;
      const Shape shape = shape_of(node, i);
      const bool is_taken_for_picture = layouts_.of(node) == Layout::kChannelsLast;
      if (is_taken_for_picture != (shape.rank() == 4 && Rows::is_channels_first(node.inputs[i])))
        refuse(node, fmt::format("OpenCV's importer takes {} for what it is not", shape.to_string()));
    }
  }

  void check_reshape(const Node& node) const {
    const Shape from = shape_of(node, 0);
    const ops::Known* known = passes::find_known(known_, {const_cast<Node*>(&node), 0});
    if (known == nullptr || !known->shape.has_rank() || !known->shape.is_static())
      refuse(node, "OpenCV's importer needs every size");
    const Layout layout = layouts_.of(*node.input(0).node);
    const bool is_first = is_picture(node.input(0), from);
    const bool is_volume = from.rank() > 4 && is_first && from.last() > 1 && from.n_elements() != from.last() * from[0];
    const bool is_unsaid = from.rank() == 4 && is_first && !is_vector(from) && layout != Layout::kChannelsLast;
    const bool is_missaid = layout == Layout::kChannelsLast && (from.rank() != 4 || !is_first);
    const bool is_reordered = layout == Layout::kChannelsLast && known->shape.rank() >= 4 && !is_vector(known->shape);
    if (is_volume || is_unsaid || is_missaid || is_reordered)
      refuse(node, fmt::format("OpenCV's importer does not keep the order of {}", from.to_string()));
    // What to_four_axes makes has a Transpose behind it.
    const Shape& to = known->shape;
    const bool is_read =
        to.rank() != 4 || is_transposed(node) || Rows::is_channels_first({const_cast<Node*>(&node), 0});
    const bool is_output = uses_.of(node).empty();
    if (!is_read && is_output) refuse(node, fmt::format("OpenCV's importer misreads the shape {}", to.to_string()));
  }

  [[nodiscard]] bool is_transposed(const Node& node) const {
    const auto& users = uses_.of(node);
    return !users.empty() && std::ranges::all_of(users, [](const Node* user) { return user->op() == "Transpose"; });
  }

  // Of four axes it only renames the order that it keeps, and only where it knows which that is: behind to_four_axes's
  // Reshape.
  void check_transpose(const Node& node) const {
    const Tensor* order = passes::const_value(node.input(1));
    if (order == nullptr) refuse(node, "its order is no constant");
    if (order->n_elements() != 4) return;
    const Reader reader(*order);
    const std::vector<double> places{reader[0], reader[1], reader[2], reader[3]};
    const bool is_named = places == std::vector<double>{0, 2, 3, 1} && node.input(0).node->op() == "Reshape";
    if (!is_named) refuse(node, "OpenCV's importer does not move four axes");
  }

  void check_reduction(const Node& node) const {
    const Shape shape = shape_of(node, 0);
    const Tensor* axes = passes::const_value(node.input(1));
    if (axes == nullptr) refuse(node, "its axes are no constant");
    std::set<int64_t> reduced;
    const Reader reader(*axes);
    for (int64_t i = 0; i < axes->n_elements(); ++i)
      reduced.insert(static_cast<int64_t>(reader[i] < 0 ? reader[i] + shape.rank() : reader[i]));
    if (shape.rank() == 4 && reduced == std::set<int64_t>{1, 2}) return;
    refuse(node, fmt::format("OpenCV's importer reduces the space of four axes, not these of {}", shape.to_string()));
  }

  // Two values have one shape, but for a Mul by one number for each channel; a constant is one number or one for each
  // channel.
  void check_elementwise(const Node& node) const {
    if (node.op() == "RealDiv" && passes::const_value(node.input(0)) != nullptr)
      refuse(node, "OpenCV's importer does not divide a constant");
    Shape shape;
    bool has_shape = false;
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (passes::const_value(node.inputs[i]) != nullptr) continue;
      const Shape other = shape_of(node, i);
      const bool is_gate = node.op() == "Mul" && other.rank() == 4 && has_shape && shape.rank() == 4 &&
                           other[0] == shape[0] && other[3] == shape[3] &&
                           (other[1] * other[2] == 1 || shape[1] * shape[2] == 1);
      if (has_shape && other != shape && !is_gate)
        refuse(node,
               fmt::format("OpenCV's importer does not broadcast {} with {}", shape.to_string(), other.to_string()));
      shape = other;
      has_shape = true;
    }
    for (const Endpoint& input : node.inputs) {
      const Tensor* value = passes::const_value(input);
      if (value == nullptr || value->n_elements() == 1) continue;
      const bool is_vector = value->shape().last() == value->n_elements();
      const bool is_row = shape.rank() == 2 && shape[0] == 1;
      // It is taken along the first axis of a size as large, and of a matrix of several rows that is the wrong one.
      const bool is_factor = node.op() == "Mul" || node.op() == "RealDiv";
      const bool is_bias =
          node.op() == "BiasAdd" && node.inputs[0].node->op() == "MatMul" && uses_.of(*node.inputs[0].node).size() == 1;
      if (shape.rank() == 2 && !is_row && !is_factor && !is_bias) {
        refuse(node, fmt::format("OpenCV's importer does not broadcast a constant {} with {}",
                                 value->shape().to_string(), shape.to_string()));
      }
      if (!has_shape || !is_vector || shape.rank() == 3 ||
          (shape.rank() > 1 && shape.last() != value->n_elements() && !is_row)) {
        refuse(node, fmt::format("OpenCV's importer does not broadcast a constant {} with {}",
                                 value->shape().to_string(), shape.to_string()));
      }
    }
  }

  ops::KnownMap known_;
  passes::Uses uses_;
  Layouts layouts_;
};

}  // namespace

void check_shapes(const Graph& graph) {
  const Checker checker(graph);
  for (const auto& node : graph.nodes()) checker.check(*node);
}

}  // namespace hoarfrost::targets::opencv
