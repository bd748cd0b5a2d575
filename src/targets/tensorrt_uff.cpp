#include <fmt/format.h>
#include <hoarfrost/targets.h>

#include <map>

#include "targets/dialect.h"
#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

// What NVIDIA's uff converter (0.6.3 to 0.6.9, with TensorRT 5 to 8) registers in its converter_functions.py, but for
// Pow, whose exponent it drops. Slice is not among them, StridedSlice is.
const std::set<std::string_view> kOps{"Placeholder",
                                      "Const",
                                      "Identity",
                                      "Add",
                                      "Sub",
                                      "Mul",
                                      "Div",
                                      "RealDiv",
                                      "Minimum",
                                      "Maximum",
                                      "BiasAdd",
                                      "Neg",
                                      "Abs",
                                      "Sqrt",
                                      "Rsqrt",
                                      "Square",
                                      "Exp",
                                      "Log",
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
                                      "Ceil",
                                      "Floor",
                                      "FusedBatchNorm",
                                      "Relu",
                                      "Relu6",
                                      "LeakyRelu",
                                      "Elu",
                                      "Selu",
                                      "Softplus",
                                      "Softsign",
                                      "Tanh",
                                      "Sigmoid",
                                      "Softmax",
                                      "Mean",
                                      "Sum",
                                      "Prod",
                                      "Min",
                                      "Max",
                                      "ArgMax",
                                      "ArgMin",
                                      "MaxPool",
                                      "AvgPool",
                                      "Conv2D",
                                      "DepthwiseConv2dNative",
                                      "Conv2DBackpropInput",
                                      "MatMul",
                                      "ConcatV2",
                                      "Pad",
                                      "Reshape",
                                      "Transpose",
                                      "Squeeze",
                                      "ExpandDims",
                                      "Shape",
                                      "StridedSlice",
                                      "Pack",
                                      "Gather",
                                      "GatherV2",
                                      "LRN"};

void rewrite_tensorrt_uff(graph::Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training", "fold_constants", "fold_batch_norms"});
  rewrite_for(Release::k1_15, graph, signature);
  for (const auto& node : graph.nodes()) {
    if (node->op() == "AddV2") node->set_op("Add");
    if (node->op() != "FusedBatchNormV2" && node->op() != "FusedBatchNormV3") continue;
    node->set_op("FusedBatchNorm");
    node->attributes.erase("U");
  }
}

// What it reads as constants, and from which input.
const std::map<std::string_view, size_t> kConstants{{"ExpandDims", 1}, {"ArgMax", 1}, {"ArgMin", 1}, {"Transpose", 1},
                                                    {"BiasAdd", 1},    {"Sum", 1},    {"Mean", 1},   {"Max", 1},
                                                    {"Min", 1},        {"Prod", 1}};

void check_tensorrt_uff(const graph::Graph& graph, const graph::Signature& /*signature*/) {
  expect_ops(graph, kOps, "NVIDIA's UFF converter");
  for (const auto& node : graph.nodes()) {
    const bool is_masked = node->op() == "StridedSlice" && (node->get_or<int64_t>("ellipsis_mask", 0) != 0 ||
                                                            node->get_or<int64_t>("new_axis_mask", 0) != 0);
    if (is_masked) refuse(*node, "NVIDIA's UFF converter takes no ellipsis_mask and no new_axis_mask");
    const auto constant = kConstants.find(node->op());
    if (constant != kConstants.end() && node->input(constant->second).node->op() != "Const")
      refuse(*node, fmt::format("NVIDIA's UFF converter wants a constant as its input {}", constant->second));
    if (node->get_or<std::string>("padding", "") == "EXPLICIT")
      refuse(*node, "NVIDIA's UFF converter knows the paddings SAME and VALID alone");
  }
}

}  // namespace

extern const Target target_tensorrt_uff;
const Target target_tensorrt_uff{"tensorrt-uff", "TensorRT's UFF parser", rewrite_tensorrt_uff, check_tensorrt_uff};

}  // namespace hoarfrost::targets
