#include <fmt/format.h>
#include <hoarfrost/targets.h>

#include <cmath>
#include <set>
#include <string_view>
#include <vector>

#include "passes/edit.h"
#include "targets/dialect.h"
#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

using graph::Graph;
using graph::Node;

// Its translator takes one axis: one after the other.
void reverse_by_turns(Graph& graph) {
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes()) nodes.push_back(node.get());
  for (Node* node : nodes) {
    const Tensor* axes = node->op() == "ReverseV2" ? passes::const_value(node->input(1)) : nullptr;
    if (axes == nullptr || axes->n_elements() < 2) continue;
    const Reader reader(*axes);
    for (int64_t i = 0; i < axes->n_elements(); ++i) {
      const Tensor axis = Tensor::vector<int64_t>({static_cast<int64_t>(reader[i])}).cast(axes->dtype());
      Node& constant = graph.add_const(graph.unique_name(node->name() + "/axis"), axis);
      if (i + 1 == axes->n_elements()) {
        node->inputs[1] = constant.output();
      } else {
        Node& turn =
            graph.add("ReverseV2", graph.unique_name(node->name() + "/turn"), {node->inputs[0], constant.output()});
        turn.attributes = node->attributes;
        node->inputs[0] = turn.output();
      }
    }
  }
}

// Its CPU plugin takes LRN's bias for a whole number. x / (b + a s)^β of the squares' sum s is c x / (1 + a / b s)^β
// with c = b^-β; and c x, given instead of x, makes the sum c² s.
void make_lrn_biases_one(Graph& graph) {
  std::vector<Node*> nodes;
  for (const auto& node : graph.nodes()) nodes.push_back(node.get());
  for (Node* node : nodes) {
    if (node->op() != "LRN") continue;
    const double bias = node->get_or<float>("bias", 1), beta = node->get_or<float>("beta", 0.5F);
    if (bias == std::floor(bias) || bias <= 0) continue;
    const double c = std::pow(bias, -beta);
    const auto dtype = node->get_or<DType>("T", DType::kFloat32);
    Node& factor = graph.add_const(graph.unique_name(node->name() + "/factor"),
                                   Tensor::scalar<float>(static_cast<float>(c)).cast(dtype));
    Node& scaled = graph.add("Mul", graph.unique_name(node->name() + "/scaled"), {node->input(0), factor.output()});
    scaled.set("T", dtype);
    node->inputs[0] = scaled.output();
    node->set("alpha", static_cast<float>(node->get_or<float>("alpha", 1) / bias / (c * c))).set("bias", 1.0F);
  }
}

// What it lowers itself need not be there. Only ends of the graph are its model's outputs, and an Identity has no name
// of its own.
void rewrite_openvino(Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training", "fold_constants"});
  reverse_by_turns(graph);
  make_lrn_biases_one(graph);
  keep_names(graph, signature, {"Identity"});
}

// Of OpenVINO 2026.4: it reads no constants of bfloat16, its CPU plugin has no strings, and some ops have no
// translator.
void check_types(const Node& node) {
  static const std::set<std::string_view> kUnknown{
      "Cholesky", "Cumprod", "Digamma", "Lgamma", "MatrixDeterminant", "MatrixSolve", "MatrixTriangularSolve", "Qr"};
  if (kUnknown.contains(node.op())) refuse(node, "OpenVINO's TensorFlow frontend has no such op");
  if (node.op().starts_with("FakeQuantWithMinMax") && node.get_or<int64_t>("num_bits", 8) == 16)
    refuse(node, "OpenVINO leaves out what quantizes to 16 bits, and the range with it");
  for (const auto& [key, value] : node.attributes) {
    const auto* dtype = std::get_if<DType>(&value);
    if (dtype != nullptr && (*dtype == DType::kBFloat16 || *dtype == DType::kString))
      refuse(node, fmt::format("OpenVINO runs no {} values", dtype_name(*dtype)));
  }
}

// Its CPU plugin holds whole numbers of 64 bits in 32, and computes remainders of them in float32: a perfect hash, and
// tokens that are large, would be others.
void check_lengths(const Node& node) {
  const auto& op = node.op();
  const bool is_whole = node.get_or<DType>("T", DType::kFloat32) == DType::kInt64;
  if (op == "FloorMod" && is_whole && node.input(0).node->op() == "Mul")
    refuse(node, "OpenVINO computes remainders of whole numbers in float32, which holds no such product");
  if (op != "Equal" && op != "Gather" && op != "GatherV2") return;
  for (const graph::Endpoint& input : node.inputs) {
    const Tensor* value = passes::const_value(input);
    if (value == nullptr || value->dtype() != DType::kInt64) continue;
    const Tensor whole = value->aligned();
    for (const int64_t number : whole.values<int64_t>()) {
      if (number > INT32_MAX || number < INT32_MIN)
        refuse(node, fmt::format("OpenVINO holds whole numbers in 32 bits, and {} does not fit", number));
    }
  }
}

// Where places come twice, TensorFlow adds up what OpenVINO overwrites.
void check_places(const Node& node) {
  if (node.op() != "ScatterNd") return;
  const Tensor* places = passes::const_value(node.input(0));
  if (places == nullptr) refuse(node, "OpenVINO adds up no values of one place, and these places are computed");
  const Reader reader(*places);
  const int64_t n_axes = places->shape().last();
  std::set<std::vector<double>> seen;
  for (int64_t row = 0; row < places->n_elements(); row += n_axes) {
    std::vector<double> place;
    for (int64_t axis = 0; axis < n_axes; ++axis) place.push_back(reader[row + axis]);
    if (!seen.insert(place).second) refuse(node, "OpenVINO adds up no values of one place, and a place comes twice");
  }
}

void check_openvino(const graph::Graph& graph, const graph::Signature& signature) {
  for (const auto& output : signature.outputs) {
    if (output.index != 0) refuse(*output.node, "OpenVINO's model has only the first output of a node");
    if (output.node->op() == "Identity")
      refuse(*output.node, "an output that is another name of a value, and in OpenVINO's model has none");
  }
  for (const auto& node : graph.nodes()) {
    const auto& op = node->op();
    check_types(*node);
    check_lengths(*node);
    check_places(*node);
    const bool is_variable = op.starts_with("Variable") || op == "VarHandleOp" || op == "ReadVariableOp";
    const bool is_training = op.find("Grad") != std::string::npos || op.find("Backprop") != std::string::npos;
    if (is_variable) refuse(*node, "a variable; freeze the graph first");
    if (is_training && op != "Conv2DBackpropInput" && op != "Conv3DBackpropInputV2" &&
        op != "DepthwiseConv2dNativeBackpropInput")
      refuse(*node, "OpenVINO runs inference alone");
  }
  check_for(Release::k2, graph);
}

}  // namespace

extern const Target target_openvino;
const Target target_openvino{"openvino", "OpenVINO's TensorFlow frontend: inference, folded", rewrite_openvino,
                             check_openvino};

}  // namespace hoarfrost::targets
