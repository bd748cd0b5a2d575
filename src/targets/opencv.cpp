#include <fmt/format.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/targets.h>

#include "targets/dialect.h"
#include "targets/opencv_rewrites.h"

namespace hoarfrost::targets {
namespace {

using graph::Graph;
using graph::Node;

// TFImporter::buildDispatchMap of OpenCV 4.6, and the layers of modules/dnn/src/init.cpp that have an op's name and meaning,
// which the importer makes of ops that it does not know.
const std::set<std::string_view> kOps{
    "Conv2D",   "SpaceToBatchND", "BatchToSpaceND", "DepthwiseConv2dNative", "Pad",     "MirrorPad",  "Conv3D",  "BiasAdd", "Add",   "AddV2",   "Sub",
    "AddN",     "MatMul",  "Reshape", "Transpose", "Const",  "LRN",     "ConcatV2",   "MaxPool", "MaxPool3D", "AvgPool", "AvgPool3D",
    "Placeholder", "Split", "Slice",  "Mul",  "RealDiv", "FusedBatchNorm", "FusedBatchNormV3", "Conv2DBackpropInput", "ResizeNearestNeighbor",
    "ResizeBilinear", "Softmax", "Mean", "Sum",  "Max",     "ClipByValue", "LeakyRelu", "Abs", "Tanh",   "Sigmoid", "Relu",  "Elu",     "Exp",
    "Identity", "Relu6",   "Square",  "Sqrt",    "Log",     "Floor",   "Ceil",    "Erf",     "Softplus", "Softsign", "Selu",
    "Sin",      "Cos",     "Tan",     "Sinh",    "Cosh",    "Asin",     "Acos",    "Atan",    "Asinh",   "Acosh",   "Atanh",   "Maximum", "Minimum"};

void rewrite(Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training"});
  fix_batch(graph, signature);
  run_passes(graph, signature, {"fold_batch_norms"});
  opencv::rewrite_lookups(graph);
  opencv::rewrite_slices(graph);
  opencv::lift_sequences(graph);
  opencv::rewrite_reductions(graph, signature);
  opencv::rewrite_arithmetic(graph);
  opencv::rewrite_ranks(graph);
  opencv::separate_pads(graph);
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

void check(const Graph& graph, const graph::Signature& signature) {
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (!shape.has_rank() || !shape.is_static()) refuse(*input.node, fmt::format("OpenCV needs every size of an input, and this one is {}; give --input-shape", shape.to_string()));
  }
  expect_ops(graph, kOps, "OpenCV's importer");
  for (const auto& node : graph.nodes()) {
    if ((node->op() == "Maximum" && !is_leaky(*node)) || node->op() == "Minimum") refuse(*node, "OpenCV's importer knows it of a value and a number alone");
  }
  opencv::check_shapes(graph);
}

}  // namespace

extern const Target target_opencv;
const Target target_opencv{"opencv", "OpenCV's dnn module, 4.6 and later: batch 1 unless --batch fixes another, no shape arithmetic", rewrite, check};

}  // namespace hoarfrost::targets
