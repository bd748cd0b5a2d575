#include <fmt/format.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/targets.h>

#include <optional>

#include "passes/affine.h"
#include "passes/edit.h"
#include "passes/infer_known.h"
#include "targets/dialect.h"
#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

using graph::Graph;
using graph::Node;

// What vai_q_tensorflow 1.4 to 3.5 (over TensorFlow 1.15) quantizes or passes on: UG1414's "vai_q_tensorflow Supported
// Operations and APIs" and, of what runs beside the DPU, its "Operators Supported by TensorFlow".
const std::set<std::string_view> kVitisOps{"Placeholder",
                                           "Const",
                                           "Identity",
                                           "Conv2D",
                                           "DepthwiseConv2dNative",
                                           "Conv2DBackpropInput",
                                           "MatMul",
                                           "BiasAdd",
                                           "Add",
                                           "AddV2",
                                           "Sub",
                                           "Mul",
                                           "RealDiv",
                                           "MaxPool",
                                           "AvgPool",
                                           "Mean",
                                           "Max",
                                           "Sum",
                                           "Relu",
                                           "Relu6",
                                           "LeakyRelu",
                                           "Sigmoid",
                                           "Tanh",
                                           "Elu",
                                           "Softmax",
                                           "ResizeBilinear",
                                           "ResizeNearestNeighbor",
                                           "Concat",
                                           "ConcatV2",
                                           "Pad",
                                           "MirrorPad",
                                           "Reshape",
                                           "Squeeze",
                                           "Transpose",
                                           "ExpandDims",
                                           "StridedSlice",
                                           "Shape",
                                           "Pack",
                                           "Minimum",
                                           "Maximum",
                                           "Exp",
                                           "ArgMax",
                                           "SpaceToBatchND",
                                           "BatchToSpaceND",
                                           "DepthToSpace"};

bool is_batch_norm(const Node& node) { return node.op().starts_with("FusedBatchNorm") && !node.op().ends_with("Grad"); }

// The quantizer folds a BatchNormalization only into what stands right before it, so every other one becomes the
// convolution that it is: one 1 x 1 filter for each channel, and a bias.
void become_depthwise(Graph& graph, Node& node, const Shape& shape) {
  const passes::Channels channels{shape[3], 4, false};
  const auto affine = passes::affine_of(node, node.input(0), channels);
  if (!affine) refuse(node, "its parameters are no constants, or its data_format is not NHWC");
  const std::vector<float> scale(affine->scale.begin(), affine->scale.end()),
      offset(affine->offset.begin(), affine->offset.end());
  Node& filter =
      graph.add_const(graph.unique_name(node.name() + "/scale"), Tensor::vector(scale).reshaped({1, 1, shape[3], 1}));
  Node& bias = graph.add_const(graph.unique_name(node.name() + "/offset"), Tensor::vector(offset));
  Node& convolution = graph.add("DepthwiseConv2dNative", graph.unique_name(node.name() + "/depthwise"),
                                {node.input(0), filter.output()});
  convolution.set("T", DType::kFloat32)
      .set("padding", "VALID")
      .set("data_format", "NHWC")
      .set("strides", std::vector<int64_t>{1, 1, 1, 1});
  node.set_op("BiasAdd");
  node.attributes = {{"T", DType::kFloat32}, {"data_format", std::string("NHWC")}};
  node.inputs = {convolution.output(), bias.output()};
}

void rewrite_vitis(Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training", "fold_constants", "fold_batch_norms"});
  const auto known = passes::infer_known(graph);
  std::vector<Node*> norms;
  for (const auto& node : graph.nodes()) {
    if (is_batch_norm(*node)) norms.push_back(node.get());
  }
  for (Node* node : norms) {
    const ops::Known* input = passes::find_known(known, node->input(0));
    if (input == nullptr || !input->shape.has_rank() || input->shape.rank() != 4 || input->shape[3] < 1)
      refuse(*node, "the number of its channels is not known");
    become_depthwise(graph, *node, input->shape);
  }
  passes::strip_unused(graph, signature);
  rewrite_for(Release::k1_15, graph, signature);
}

void check_vitis(const Graph& graph, const graph::Signature& signature) {
  for (const auto& input : signature.inputs) {
    const auto shape = input.node->get_or<Shape>("shape", Shape::unknown_rank());
    if (!shape.has_rank() || shape.rank() != 4)
      refuse(*input.node, fmt::format("Vitis AI takes inputs of four axes, this one is {}", shape.to_string()));
  }
  expect_ops(graph, kVitisOps, "Vitis AI");
  check_for(Release::k1_15, graph);
}

}  // namespace

extern const Target target_vitis;
const Target target_vitis{"vitis",
                          "Vitis AI's vai_q_tensorflow: inference of 4-D inputs; a BatchNormalization becomes part of "
                          "its neighbour or a depthwise convolution",
                          rewrite_vitis, check_vitis};

}  // namespace hoarfrost::targets
