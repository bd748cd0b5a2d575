#include <hoarfrost/targets.h>

#include "targets/dialect.h"
#include "targets/op_history.h"

namespace hoarfrost::targets {
namespace {

// What NVIDIA's uff converter (0.6, with TensorRT 5 to 8) turns into layers that the UFF parser takes. Slice is not
// among them, StridedSlice is.
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
                                      "Pow",
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

void rewrite(graph::Graph& graph, graph::Signature& signature) {
  run_passes(graph, signature, {"strip_unused", "remove_training", "fold_constants", "fold_batch_norms"});
  rewrite_for(Release::k1_15, graph, signature);
  for (const auto& node : graph.nodes()) {
    if (node->op() == "AddV2") node->set_op("Add");
    if (node->op() != "FusedBatchNormV2" && node->op() != "FusedBatchNormV3") continue;
    node->set_op("FusedBatchNorm");
    node->attributes.erase("U");
  }
}

void check(const graph::Graph& graph, const graph::Signature& /*signature*/) {
  expect_ops(graph, kOps, "NVIDIA's UFF converter");
}

}  // namespace

extern const Target target_tensorrt_uff;
const Target target_tensorrt_uff{"tensorrt-uff", "TensorRT's UFF parser", rewrite, check};

}  // namespace hoarfrost::targets
