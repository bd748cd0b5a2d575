#include <fmt/format.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/targets.h>

#include <algorithm>
#include <vector>

#include "targets/dialect.h"
#include "targets/opencv_layouts.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets {
namespace {

using graph::Graph;
using graph::Node;

// TFImporter::buildDispatchMap of OpenCV 4.6, and the layers of modules/dnn/src/init.cpp that have an op's name and
// meaning, which the importer makes of ops that it does not know.
const std::set<std::string_view> kOps{"Conv2D",
                                      "SpaceToBatchND",
                                      "BatchToSpaceND",
                                      "DepthwiseConv2dNative",
                                      "Pad",
                                      "MirrorPad",
                                      "Conv3D",
                                      "BiasAdd",
                                      "Add",
                                      "AddV2",
                                      "Sub",
                                      "AddN",
                                      "MatMul",
                                      "BatchMatMul",
                                      "Reshape",
                                      "Transpose",
                                      "Const",
                                      "LRN",
                                      "ConcatV2",
                                      "MaxPool",
                                      "MaxPool3D",
                                      "AvgPool",
                                      "AvgPool3D",
                                      "Placeholder",
                                      "Split",
                                      "Slice",
                                      "Mul",
                                      "RealDiv",
                                      "FusedBatchNorm",
                                      "FusedBatchNormV3",
                                      "Conv2DBackpropInput",
                                      "ResizeNearestNeighbor",
                                      "ResizeBilinear",
                                      "Softmax",
                                      "Mean",
                                      "Sum",
                                      "Max",
                                      "ClipByValue",
                                      "LeakyRelu",
                                      "Abs",
                                      "Tanh",
                                      "Sigmoid",
                                      "Relu",
                                      "Elu",
                                      "Exp",
                                      "Identity",
                                      "Relu6",
                                      "Square",
                                      "Sqrt",
                                      "Log",
                                      "Floor",
                                      "Ceil",
                                      "Round",
                                      "Sign",
                                      "Reciprocal",
                                      "Erf",
                                      "Softplus",
                                      "Softsign",
                                      "Selu",
                                      "Sin",
                                      "Cos",
                                      "Tan",
                                      "Sinh",
                                      "Cosh",
                                      "Asin",
                                      "Acos",
                                      "Atan",
                                      "Asinh",
                                      "Acosh",
                                      "Atanh",
                                      "Maximum",
                                      "Minimum"};

// The importer makes a bias, a LeakyRelu or the end of a dilated convolution part of what stands before it and removes
// Identity: then the output's name is gone. And OpenCV 5 writes over an output that other nodes use as well, or that
// only another shape of a value is.
const std::set<std::string_view> kNameless{"BiasAdd", "Add",     "AddV2",     "Identity",
                                           "Maximum", "Reshape", "Transpose", "BatchToSpaceND"};

// Whether the importer takes an input of four or five axes for a picture or a volume, as it is.
bool is_ordered(const opencv::Layouts& layouts, const Node& input, int rank) {
  return layouts.of(input) == (rank == 4 ? opencv::Layout::kChannelsLast : opencv::Layout::kVolume);
}

// Only nodes that say data_format tell. A pooling of one by one behind each input that is not told of changes nothing
// and says the order; where others further on say something else, only a second one is believed.
void say_order(Graph& graph, const graph::Signature& signature) {
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    const bool is_picture = shape.has_rank() && (shape.rank() == 4 || shape.rank() == 5) &&
                            input.node->get_or<DType>("dtype", DType::kInvalid) == DType::kFloat32;
    for (int i = 0; i < 2 && is_picture && !is_ordered(opencv::Layouts(graph), *input.node, shape.rank()); ++i) {
      std::vector<Node*> users;
      for (const auto& node : graph.nodes()) users.push_back(node.get());
      Node& pool = graph.add(shape.rank() == 4 ? "MaxPool" : "MaxPool3D",
                             graph.unique_name(input.node->name() + "/order"), {input});
      const std::vector<int64_t> ones(static_cast<size_t>(shape.rank()), 1);
      pool.set("T", DType::kFloat32)
          .set("padding", "VALID")
          .set("data_format", shape.rank() == 4 ? "NHWC" : "NDHWC")
          .set("ksize", ones)
          .set("strides", ones);
      for (Node* user : users) std::ranges::replace(user->inputs, input, pool.output());
    }
  }
}

// OpenCV's blobs are float32: an input of whole numbers is given as such, and what used it uses what they are cast to.
void take_floats(Graph& graph, const graph::Signature& signature) {
  for (const auto& input : signature.inputs) {
    const auto dtype = input.node->get_or<DType>("dtype", DType::kInvalid);
    if (dtype != DType::kInt32 && dtype != DType::kInt64) continue;
    std::vector<Node*> users;
    for (const auto& node : graph.nodes()) users.push_back(node.get());
    Node& whole = graph.add("Cast", graph.unique_name(input.node->name() + "/whole"), {input});
    whole.set("SrcT", DType::kFloat32).set("DstT", dtype);
    input.node->set("dtype", DType::kFloat32);
    for (Node* user : users) std::ranges::replace(user->inputs, input, whole.output());
  }
}

void rewrite_opencv(Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training"});
  fix_batch(graph, signature);
  run_passes(graph, signature, {"fold_batch_norms"});
  take_floats(graph, signature);
  opencv::rewrite_masks(graph);
  opencv::rewrite_lookups(graph);
  opencv::rewrite_slices(graph);
  opencv::lift_sequences(graph);
  opencv::rewrite_reductions(graph, signature);
  opencv::rewrite_arithmetic(graph);
  opencv::rewrite_ranks(graph);
  opencv::rewrite_moves(graph);
  opencv::rewrite_products(graph, signature.inputs.size() == 1);
  opencv::separate_pads(graph);
  run_passes(graph, signature, {"strip_unused"});
  say_order(graph, signature);
  opencv::settle_layouts(graph, signature);
  keep_names(graph, signature, kNameless);
  opencv::rewrite_constants(graph);
  run_passes(graph, signature, {"strip_unused", "sort"});
}

// LeakyRelu as max(x, alpha x) is the only Maximum that the importer knows.
bool is_leaky(const Node& node) {
  if (node.op() != "Maximum" || node.inputs.size() != 2) return false;
  for (const size_t i : {0, 1}) {
    const Node& mul = *node.inputs[i].node;
    const auto& x = node.inputs[1 - i];
    if (mul.op() == "Mul" && mul.inputs.size() == 2 && (mul.inputs[0] == x || mul.inputs[1] == x)) return true;
  }
  return false;
}

void check_opencv(const Graph& graph, const graph::Signature& signature) {
  const opencv::Layouts layouts(graph);
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (shape.has_rank() && shape.rank() > 3 && !is_ordered(layouts, *input.node, shape.rank()))
      refuse(*input.node, "no convolution, pooling or bias tells OpenCV's importer the order of its axes");
    if (!shape.has_rank() || !shape.is_static())
      refuse(*input.node, fmt::format("OpenCV needs every size of an input, and this one is {}; give --input-shape",
                                      shape.to_string()));
  }
  expect_ops(graph, kOps, "OpenCV's importer");
  for (const auto& node : graph.nodes()) {
    if ((node->op() == "Maximum" && !is_leaky(*node)) || node->op() == "Minimum")
      refuse(*node, "OpenCV's importer has no such op");
  }
  for (const auto& node : graph.nodes()) {
    const bool is_product = node->op() == "Mul" || node->op() == "RealDiv";
    const bool is_of_values =
        is_product && std::ranges::none_of(node->inputs, [](const auto& from) { return from.node->op() == "Const"; });
    if (is_of_values && signature.inputs.size() > 1)
      refuse(*node, "OpenCV's importer multiplies no two values of a graph with several inputs");
  }
  opencv::check_shapes(graph);
}

}  // namespace

extern const Target target_opencv;
const Target target_opencv{
    "opencv", "OpenCV's dnn module, 4.6 and later: batch 1 unless --batch fixes another, no shape arithmetic",
    rewrite_opencv, check_opencv};

}  // namespace hoarfrost::targets
