// Targets on graphs made by hand: what each rewrites, computes and refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/targets.h>

#include <algorithm>
#include <functional>

#include "message_of.h"
#include "ops/op.h"

namespace hoarfrost::targets {
namespace {

using graph::Graph;
using graph::Node;
using graph::Signature;
using testing_support::message_of;

Node& placeholder(Graph& graph, const std::string& name, Shape shape) {
  return graph.add("Placeholder", name).set("dtype", DType::kFloat32).set("shape", std::move(shape));
}
Node& add(Graph& graph, const char* op, const std::string& name, std::vector<graph::Endpoint> inputs) {
  return graph.add(op, name, std::move(inputs)).set("T", DType::kFloat32);
}
std::vector<float> evaluated(const Graph& graph, const Signature& signature, const Tensor& x) {
  const auto result = ops::evaluate(graph, {{signature.inputs[0], x}}, signature.outputs);
  const auto values = result.at(0).values<float>();
  return {values.begin(), values.end()};
}
bool has_op(const Graph& graph, std::string_view op) {
  return std::ranges::any_of(graph.nodes(), [&](const auto& node) { return node->op() == op; });
}

TEST(Targets, UnknownNamesListThoseThereAre) {
  EXPECT_EQ(message_of([] { (void)find_target("caffe"); }),
            "no target is named `caffe`; there are tf1.4, tf1.12, tf1.15, vitis, tf2, opencv, openvino, tensorrt-uff");
}

TEST(TensorFlow, OldReleasesGetOldOps) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 4});
  Node& leaky = add(graph, "LeakyRelu", "leaky", {x.output()}).set("alpha", 0.5F);
  Node& sum = add(graph, "AddV2", "sum", {leaky.output(), x.output()});
  Signature signature{{x.output()}, {sum.output()}};
  fit(find_target("tf1.4"), graph, signature);
  EXPECT_EQ(graph.find("sum")->op(), "Add");
  EXPECT_EQ(graph.find("leaky")->op(), "Maximum");
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 4}, {-2, 0, 1, 4})), testing::ElementsAre(-3, 0, 2, 8));
}

TEST(TensorFlow, OldReleasesLowerLetterByLetter) {
  Graph graph;
  Node& x = placeholder(graph, "x", {3}).set("dtype", DType::kString);
  Node& lower = graph.add("StringLower", "lower", {x.output()});
  Signature signature{{x.output()}, {lower.output()}};
  fit(find_target("tf1.12"), graph, signature);
  EXPECT_EQ(graph.find("lower")->op(), "StaticRegexReplace");
  const Tensor text({3},
                    std::vector<std::string>{"", "The QUICK brown Fox [JUMPS] over the LAZY dog", "GR\xc3\x9cN_Z@"});
  const auto outputs = ops::evaluate(graph, {{signature.inputs[0], text}}, signature.outputs);
  EXPECT_THAT(outputs[0].strings(),
              testing::ElementsAre("", "the quick brown fox [jumps] over the lazy dog", "gr\xc3\x9cn_z@"));
}

TEST(TensorFlow, AttributesThatHoldTheirDefaultsAreForgottenOthersRefused) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 4, 4, 1});
  Node& filter = graph.add_const("filter", Tensor(DType::kFloat32, {1, 1, 1, 1}));
  Node& convolution = add(graph, "Conv2D", "a/conv", {x.output(), filter.output()});
  convolution.set("padding", "VALID")
      .set("strides", std::vector<int64_t>{1, 1, 1, 1})
      .set("dilations", std::vector<int64_t>{1, 1, 1, 1});
  Signature signature{{x.output()}, {convolution.output()}};
  fit(find_target("tf1.4"), graph, signature);
  EXPECT_FALSE(convolution.has("dilations"));
  convolution.set("dilations", std::vector<int64_t>{1, 2, 2, 1});
  EXPECT_EQ(message_of([&] { fit(find_target("tf1.4"), graph, signature); }),
            "target tf1.4: node `a/conv` (layer `a`): Conv2D: its attribute `dilations` is [1,2,2,1], which TensorFlow "
            "1.4 does not know; it came by 1.12");
  fit(find_target("tf1.12"), graph, signature);
}

TEST(TensorFlow, ExplicitPaddingsBecomeAPad) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 1, 2, 1});
  Node& filter = graph.add_const("filter", Tensor::of<float>({1, 3, 1, 1}, {1, 10, 100}));
  Node& convolution = add(graph, "Conv2D", "conv", {x.output(), filter.output()});
  convolution.set("padding", "EXPLICIT")
      .set("strides", std::vector<int64_t>{1, 1, 1, 1})
      .set("explicit_paddings", std::vector<int64_t>{0, 0, 0, 0, 2, 0, 0, 0});
  Signature signature{{x.output()}, {convolution.output()}};
  fit(find_target("tf1.12"), graph, signature);
  EXPECT_EQ(convolution.get<std::string>("padding"), "VALID");
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 1, 2, 1}, {1, 2})), testing::ElementsAre(100, 210));
}

// The seeds' networks: BatchNormalization after relu. (x - 1) 2 / sqrt(3 + 1) + 5 = x + 4.
TEST(Vitis, BatchNormalizationAfterAnActivationBecomesADepthwiseConvolution) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 1, 2, 1});
  Node& relu = add(graph, "Relu", "relu", {x.output()});
  std::vector<graph::Endpoint> inputs{relu.output()};
  const std::vector<std::pair<std::string, float>> parameters{
      {"gamma", 2.0F}, {"beta", 5.0F}, {"mean", 1.0F}, {"variance", 3.0F}};
  for (const auto& [name, value] : parameters)
    inputs.push_back(graph.add_const(name, Tensor::of<float>({1}, {value})).output());
  Node& norm = add(graph, "FusedBatchNormV3", "norm", std::move(inputs))
                   .set("is_training", false)
                   .set("epsilon", 1.0F)
                   .set("U", DType::kFloat32);
  Signature signature{{x.output()}, {norm.output()}};
  fit(find_target("vitis"), graph, signature);
  EXPECT_TRUE(has_op(graph, "DepthwiseConv2dNative"));
  EXPECT_EQ(graph.find("norm")->op(), "BiasAdd");
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 1, 2, 1}, {3, -1})), testing::ElementsAre(7, 4));
}

TEST(Vitis, TakesInputsOfFourAxesAlone) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 2});
  Node& relu = add(graph, "Relu", "relu", {x.output()});
  Signature signature{{x.output()}, {relu.output()}};
  EXPECT_EQ(message_of([&] { fit(find_target("vitis"), graph, signature); }),
            "target vitis: node `x` (layer `x`): Placeholder: Vitis AI takes inputs of four axes, this one is [?, 2]");
}

// OpenVINO's model has an output for each end of the graph, and none for what an Identity is another name of.
TEST(OpenVino, OutputsKeepTheirNames) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2});
  Node& inner = add(graph, "Relu", "inner", {x.output()});
  Node& end = add(graph, "Square", "end", {inner.output()});
  Signature signature{{x.output()}, {inner.output(), end.output()}};
  fit(find_target("openvino"), graph, signature);
  for (const char* name : {"inner", "end"}) {
    const Node* node = graph.find(name);
    for (const auto& user : graph.nodes()) {
      for (const auto& input : user->inputs) EXPECT_NE(input.node, node) << name;
    }
  }
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 2}, {3, -4})), testing::ElementsAre(3, 0));
}

TEST(OpenVino, ReversesOneAxisAfterTheOther) {
  Graph graph;
  Node& x = placeholder(graph, "x", {2, 2});
  Node& y =
      add(graph, "ReverseV2", "y", {x.output(), graph.add_const("axes", Tensor::vector<int32_t>({0, 1})).output()});
  y.set("Tidx", DType::kInt32);
  Signature signature{{x.output()}, {y.output()}};
  fit(find_target("openvino"), graph, signature);
  for (const auto& node : graph.nodes()) {
    if (node->op() == "ReverseV2") {
      EXPECT_EQ(node->inputs[1].node->value().n_elements(), 1);
    }
  }
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({2, 2}, {1, 2, 3, 4})), testing::ElementsAre(4, 3, 2, 1));
}

// Its CPU plugin computes with the bias 1 where 1.5 is written: 2 / (1.5 + 0.3 · 2²)^0.75 = 0.9495.
TEST(OpenVino, LrnsHaveAWholeBias) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 1, 1, 1});
  Node& lrn = add(graph, "LRN", "lrn", {x.output()});
  lrn.set("depth_radius", 2).set("bias", 1.5F).set("alpha", 0.3F).set("beta", 0.75F);
  Signature signature{{x.output()}, {lrn.output()}};
  fit(find_target("openvino"), graph, signature);
  EXPECT_EQ(graph.find("lrn")->get<float>("bias"), 1);
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 1, 1, 1}, {2})),
              testing::ElementsAre(testing::FloatNear(0.949527F, 1e-5F)));
}

TEST(OpenVino, RefusesTypesThatItDoesNotRun) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2});
  Node& y = graph.add("Cast", "layer/y", {x.output()}).set("SrcT", DType::kFloat32).set("DstT", DType::kBFloat16);
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_EQ(message_of([&] { fit(find_target("openvino"), graph, signature); }),
            "target openvino: node `layer/y` (layer `layer`): Cast: OpenVINO runs no bfloat16 values");
}

// OpenVINO 2026.4's low precision transformations take such a node out, so that 100 passes a range that ends at 4.
TEST(OpenVino, RefusesQuantizationTo16Bits) {
  for (const int64_t n_bits : {8, 16}) {
    Graph graph;
    Node& x = placeholder(graph, "x", {1, 2});
    Node& y = graph.add("FakeQuantWithMinMaxArgs", "layer/y", {x.output()}).set("num_bits", n_bits);
    Signature signature{{x.output()}, {y.output()}};
    if (n_bits == 8)
      EXPECT_NO_THROW(fit(find_target("openvino"), graph, signature));
    else
      EXPECT_EQ(message_of([&] { fit(find_target("openvino"), graph, signature); }),
                "target openvino: node `layer/y` (layer `layer`): FakeQuantWithMinMaxArgs: OpenVINO leaves out what "
                "quantizes to 16 bits, and the range with it");
  }
}

// convert_pow of uff's converter_functions.py takes the first input alone.
TEST(TensorRt, RefusesWhatItsConverterMisreads) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2});
  Node& y = add(graph, "Pow", "layer/y", {x.output(), graph.add_const("two", Tensor::scalar(2.0F)).output()});
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_EQ(message_of([&] { fit(find_target("tensorrt-uff"), graph, signature); }),
            "target tensorrt-uff: node `layer/y` (layer `layer`): Pow: NVIDIA's UFF converter has no such op");
}

// Conv3DBackpropInputV2 has Tshape since 1.12, Fill index_type, by the OpLists of their packages.
TEST(TensorFlow, TypesThatHoldTheirDefaultsAreForgotten) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2});
  Node& fill = add(graph, "Fill", "fill",
                   {graph.add_const("sizes", Tensor::vector<int32_t>({1, 2})).output(),
                    graph.add_const("value", Tensor::scalar(2.0F)).output()});
  fill.set("index_type", DType::kInt32);
  Node& y = add(graph, "Add", "y", {x.output(), fill.output()});
  Signature signature{{x.output()}, {y.output()}};
  fit(find_target("tf1.4"), graph, signature);
  EXPECT_FALSE(graph.find("fill")->has("index_type"));
}

TEST(OpenCv, GraphsThatTakeTheBatchApartAreRefused) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 3});
  const auto at = [&](const char* name, int32_t place) {
    return graph.add_const(name, Tensor::vector<int32_t>({place})).output();
  };
  Node& y = add(graph, "StridedSlice", "layer/y", {x.output(), at("begin", 1), at("end", 2), at("step", 1)});
  y.set("Index", DType::kInt32).set("shrink_axis_mask", 1);
  Signature signature{{x.output()}, {y.output()}};
  try {
    fit(find_target("opencv"), graph, signature);
    FAIL() << "it is not refused";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_THAT(error.what(), testing::HasSubstr("a batch of one is not possible: "));
  }
}

TEST(OpenCv, ArithmeticThatItsImporterMisreads) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 2});
  Node& one = graph.add_const("one", Tensor::scalar(1.0F));
  Node& complement = add(graph, "Sub", "complement", {one.output(), x.output()});
  Node& root = add(graph, "Rsqrt", "root", {x.output()});
  Node& bounded =
      add(graph, "Minimum", "bounded", {x.output(), graph.add_const("three", Tensor::scalar(3.0F)).output()});
  Node& square = add(graph, "SquaredDifference", "square", {complement.output(), root.output()});
  Node& y = add(graph, "Add", "y", {square.output(), bounded.output()});
  Signature signature{{x.output()}, {y.output()}};
  fit(find_target("opencv"), graph, signature);
  for (const char* op : {"Rsqrt", "SquaredDifference", "Minimum", "Add"}) EXPECT_FALSE(has_op(graph, op)) << op;
  EXPECT_EQ(signature.inputs[0].node->get<Shape>("shape"), (Shape{1, 2}));
  // (1 - 4 - 1/2)^2 + 3 and (1 - 1 - 1)^2 + 1
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 2}, {4, 1})),
              testing::Pointwise(testing::FloatNear(1e-5F), std::vector<float>{15.25F, 2}));
}

TEST(OpenCv, LookupsBecomeProducts) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 3});
  Node& cast = graph.add("Cast", "cast", {x.output()}).set("SrcT", DType::kFloat32).set("DstT", DType::kInt32);
  Node& table = graph.add_const("table", Tensor::of<float>({3, 2}, {1, 2, 3, 4, 5, 6}));
  Node& rows = graph.add("Gather", "rows", {table.output(), cast.output()})
                   .set("Tparams", DType::kFloat32)
                   .set("Tindices", DType::kInt32);
  Signature signature{{x.output()}, {rows.output()}};
  fit(find_target("opencv"), graph, signature);
  EXPECT_FALSE(has_op(graph, "Gather"));
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 3}, {2, 0, 1})),
              testing::ElementsAre(5, 6, 1, 2, 3, 4));
}

TEST(OpenCv, StacksBecomeRows) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 2});
  Node& twice = add(graph, "Mul", "twice", {x.output(), graph.add_const("two", Tensor::scalar(2.0F)).output()});
  Node& y = add(graph, "Pack", "y", {x.output(), twice.output()}).set("N", 2).set("axis", 1);
  Signature signature{{x.output()}, {y.output()}};
  fit(find_target("opencv"), graph, signature);
  EXPECT_FALSE(has_op(graph, "Pack"));
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 2}, {3, 4})), testing::ElementsAre(3, 4, 6, 8));
}

// The importer adds a vector along the first axis of its size: to [2, 2] that would be the rows.
TEST(OpenCv, VectorsAreAddedOnOneRow) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2, 2});
  Node& y = add(graph, "BiasAdd", "layer/bias",
                {x.output(), graph.add_const("b", Tensor::of<float>({2}, {10, 20})).output()});
  Node& relu = add(graph, "Relu", "relu", {y.output()});
  Signature signature{{x.output()}, {relu.output()}};
  fit(find_target("opencv"), graph, signature);
  for (const auto& node : graph.nodes()) {
    if (node->op() != "BiasAdd") continue;
    EXPECT_EQ(node->inputs[1].node->value().shape(), Shape{4});
  }
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 2, 2}, {1, 2, 3, 4})),
              testing::ElementsAre(11, 22, 13, 24));
}

TEST(OpenCv, PicturesThatNothingOrdersGetAPooling) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2, 2, 1});
  Node& y = add(graph, "Relu", "y", {x.output()});
  Signature signature{{x.output()}, {y.output()}};
  fit(find_target("opencv"), graph, signature);
  EXPECT_EQ(graph.find("y")->inputs[0].node->get<std::string>("data_format"), "NHWC");
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 2, 2, 1}, {1, -2, 3, -4})),
              testing::ElementsAre(1, 0, 3, 0));
}

TEST(OpenCv, RefusesNamingLayerAndOp) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 3});
  Node& y =
      add(graph, "Cumsum", "layer_1/sum", {x.output(), graph.add_const("axis", Tensor::scalar<int32_t>(1)).output()})
          .set("Tidx", DType::kInt32);
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_EQ(message_of([&] { fit(find_target("opencv"), graph, signature); }),
            "target opencv: node `layer_1/sum` (layer `layer_1`): Cumsum: OpenCV's importer has no such op");
}

}  // namespace
}  // namespace hoarfrost::targets
