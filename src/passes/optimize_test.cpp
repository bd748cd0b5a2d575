// The passes of `hoarfrost optimize` on graphs made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <cstring>
#include <functional>
#include <memory>
#include <span>

#include "message_of.h"
#include "ops/op.h"

namespace hoarfrost::passes {
namespace {

using graph::Graph;
using graph::Node;
using graph::Signature;
using testing_support::message_of;

std::vector<std::string> ops_of(const Graph& graph) {
  std::vector<std::string> result;
  for (const auto& node : graph.nodes()) result.push_back(node->op());
  return result;
}

Node& placeholder(Graph& graph, const std::string& name, Shape shape, DType dtype = DType::kFloat32) {
  return graph.add("Placeholder", name).set("dtype", dtype).set("shape", std::move(shape));
}
Node& add(Graph& graph, const char* op, const std::string& name, std::vector<graph::Endpoint> inputs) {
  return graph.add(op, name, std::move(inputs)).set("T", DType::kFloat32);
}

int run(const char* pass, Graph& graph, Signature& signature, const PassOptions& options = {}) {
  return run_pass(find_pass(pass), graph, signature, options);
}

std::vector<float> evaluated(const Graph& graph, const Signature& signature, const Tensor& x) {
  const auto result = ops::evaluate(graph, {{signature.inputs[0], x}}, signature.outputs);
  const auto values = result.at(0).values<float>();
  return {values.begin(), values.end()};
}

// Reading a frozen variable is an Identity: its bytes may be a file's that memory should not hold.
TEST(FoldConstants, AnotherNameOfAConstantSharesItsBytes) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2});
  Node& w = graph.add_const("w", Tensor::of<float>({1, 2}, {1, 2}));
  const auto* bytes = w.value().bytes().data();
  Node& read = add(graph, "Identity", "w/read", {w.output()});
  Node& y = add(graph, "Mul", "y", {x.output(), read.output()});
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_EQ(run("fold_constants", graph, signature), 1);
  EXPECT_EQ(graph.find("w/read")->value().bytes().data(), bytes);
}

// What quantizes weights stays before them, for the programs that read it.
TEST(FoldConstants, QuantizationOfWeightsStays) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 2});
  Node& w = graph.add_const("w", Tensor::of<float>({1, 2}, {1, 2}));
  Node& mask = graph.add_const("mask", Tensor::of<float>({1, 2}, {1, 0}));
  Node& masked = add(graph, "Mul", "masked", {w.output(), mask.output()});
  Node& min = graph.add_const("min", Tensor::scalar(-2.0F));
  Node& max = graph.add_const("max", Tensor::scalar(2.0F));
  Node& levels = graph.add("FakeQuantWithMinMaxVars", "levels", {masked.output(), min.output(), max.output()});
  Node& y = add(graph, "Mul", "y", {x.output(), levels.output()});
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_EQ(run("fold_constants", graph, signature), 1);
  EXPECT_THAT(ops_of(graph), testing::UnorderedElementsAre("Placeholder", "Const", "Const", "Const",
                                                           "FakeQuantWithMinMaxVars", "Mul"));
}

TEST(Passes, UnknownNamesGetTheNearest) {
  EXPECT_THAT(message_of([] { (void)find_pass("fold_constant"); }),
              testing::StartsWith("no pass is named `fold_constant`; nearest: fold_constants"));
}

// y = Relu(bn(x W)): (x W - mean) gamma / sqrt(variance + epsilon) + beta, with numbers whose result is known by hand.
struct Dense {
  Graph graph;
  Signature signature;
  Dense() {
    Node& x = placeholder(graph, "x", {kUnknown, 2});
    Node& w = graph.add_const("w", Tensor::of<float>({2, 2}, {1, 2, 3, 4}));
    Node& product = add(graph, "MatMul", "dense", {x.output(), w.output()});
    Node& mean = graph.add_const("mean", Tensor::of<float>({2}, {1, 2}));
    Node& sub = add(graph, "Sub", "sub", {product.output(), mean.output()});
    Node& variance = graph.add_const("variance", Tensor::of<float>({2}, {3, 15}));
    Node& epsilon = graph.add_const("epsilon", Tensor::scalar(1.0F));
    Node& sum = add(graph, "Add", "sum", {variance.output(), epsilon.output()});
    Node& rsqrt = add(graph, "Rsqrt", "rsqrt", {sum.output()});
    Node& scaled = add(graph, "Mul", "scaled", {rsqrt.output(), sub.output()});
    Node& beta = graph.add_const("beta", Tensor::of<float>({1, 2}, {10, 20}));
    Node& shifted = add(graph, "AddV2", "shifted", {scaled.output(), beta.output()});
    Node& y = add(graph, "Relu", "y", {shifted.output()});
    signature = {{x.output()}, {y.output()}};
  }
};

TEST(FoldBatchNorms, TheOldFormBecomesPartOfTheDenseLayer) {
  Dense dense;
  run("fold_constants", dense.graph, dense.signature);
  EXPECT_EQ(run("fold_batch_norms", dense.graph, dense.signature), 3);
  EXPECT_THAT(ops_of(dense.graph),
              testing::UnorderedElementsAre("Placeholder", "Const", "MatMul", "BiasAdd", "Const", "Relu"));
  // rsqrt is 1/2 and 1/4: W becomes [0.5, 0.5; 1.5, 1], the bias [10 - 0.5, 20 - 0.5].
  EXPECT_THAT(dense.graph.find("w")->value().values<float>(), testing::ElementsAre(0.5F, 0.5F, 1.5F, 1.0F));
  EXPECT_THAT(evaluated(dense.graph, dense.signature, Tensor::of<float>({1, 2}, {2, 4})),
              testing::ElementsAre(16.5F, 24.5F));
}

TEST(FoldBatchNorms, NotThroughAnActivationNorWhereTheProductIsUsedTwice) {
  for (const bool is_used_twice : {false, true}) {
    Graph graph;
    Node& x = placeholder(graph, "x", {kUnknown, 1});
    Node& product =
        add(graph, "MatMul", "dense", {x.output(), graph.add_const("w", Tensor::of<float>({1, 1}, {2})).output()});
    Node& relu = add(graph, "Relu", "relu", {product.output()});
    Node& scaled =
        add(graph, "Mul", "scaled",
            {is_used_twice ? product.output() : relu.output(), graph.add_const("c", Tensor::scalar(3.0F)).output()});
    Node& y = add(graph, "AddV2", "y", {scaled.output(), relu.output()});
    Signature signature{{x.output()}, {y.output()}};
    EXPECT_EQ(run("fold_batch_norms", graph, signature), 0);
  }
}

// Channels of a depthwise convolution are in * multiplier + m.
TEST(FoldBatchNorms, DepthwiseWithAMultiplier) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 1, 1, 2});
  Node& w = graph.add_const("w", Tensor::of<float>({1, 1, 2, 2}, {1, 2, 3, 4}));
  Node& convolution = add(graph, "DepthwiseConv2dNative", "conv", {x.output(), w.output()});
  convolution.set("padding", "VALID").set("strides", std::vector<int64_t>{1, 1, 1, 1});
  std::vector<graph::Endpoint> inputs{convolution.output()};
  const std::vector<std::pair<std::string, float>> parameters{
      {"gamma", 2.0F}, {"beta", 1.0F}, {"mean", 1.0F}, {"variance", 3.0F}};
  for (const auto& [name, value] : parameters)
    inputs.push_back(graph.add_const(name, Tensor::of<float>({4}, {value, 2 * value, value, value})).output());
  inputs[4].node->set("value", Tensor::of<float>({4}, {3, 3, 3, 3}));
  Node& norm = add(graph, "FusedBatchNorm", "norm", std::move(inputs)).set("is_training", false).set("epsilon", 1.0F);
  Signature signature{{x.output()}, {norm.output()}};
  const Tensor input = Tensor::of<float>({1, 1, 1, 2}, {10, 100});
  // gamma / 2 = [1, 2, 1, 1]; (w x - mean) gamma/2 + beta.
  const std::vector<float> expected{10 - 1 + 1, 2 * (20 - 2) + 2, 300 - 1 + 1, 400 - 1 + 1};
  EXPECT_EQ(evaluated(graph, signature, input), expected);
  EXPECT_EQ(run("fold_batch_norms", graph, signature), 1);
  EXPECT_EQ(graph.find("norm")->op(), "BiasAdd");
  EXPECT_EQ(evaluated(graph, signature, input), expected);
}

// Keras' Flatten over TensorFlow 1: the batch is open, and [batch, 6] becomes the constant [-1, 6].
TEST(FoldConstants, ShapeArithmeticWithAnOpenBatch) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 2, 3});
  Node& shape = graph.add("Shape", "shape", {x.output()}).set("T", DType::kFloat32).set("out_type", DType::kInt32);
  const auto vector = [&](const char* name, int32_t value) {
    return graph.add_const(name, Tensor::of<int32_t>({1}, {value})).output();
  };
  Node& batch = graph.add("StridedSlice", "batch", {shape.output(), vector("a", 0), vector("b", 1), vector("c", 1)});
  batch.set("T", DType::kInt32).set("Index", DType::kInt32).set("shrink_axis_mask", 1);
  Node& n = graph.add_const("n", Tensor::scalar<int32_t>(6));
  Node& sizes =
      graph.add("Pack", "sizes", {batch.output(), n.output()}).set("T", DType::kInt32).set("N", 2).set("axis", 0);
  Node& y =
      graph.add("Reshape", "y", {x.output(), sizes.output()}).set("T", DType::kFloat32).set("Tshape", DType::kInt32);
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_GT(run("fold_constants", graph, signature), 0);
  EXPECT_THAT(ops_of(graph), testing::UnorderedElementsAre("Placeholder", "Reshape", "Const"));
  EXPECT_THAT(y.inputs[1].node->value().values<int32_t>(), testing::ElementsAre(-1, 6));
}

TEST(MergeDuplicates, OfEqualConstantsAndNodesOneStaysButOutputsKeepTheirNames) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1});
  Node& a = add(graph, "Mul", "a", {x.output(), graph.add_const("c1", Tensor::scalar(3.0F)).output()});
  Node& b = add(graph, "Mul", "b", {x.output(), graph.add_const("c2", Tensor::scalar(3.0F)).output()});
  Node& c = add(graph, "Mul", "c", {x.output(), graph.add_const("c3", Tensor::scalar(4.0F)).output()});
  Node& sum = add(graph, "AddN", "sum", {a.output(), b.output(), c.output()}).set("N", 3);
  Signature signature{{x.output()}, {sum.output(), b.output()}};
  EXPECT_EQ(run("merge_duplicates", graph, signature), 1);  // c2 goes; b is an output
  EXPECT_NE(graph.find("b"), nullptr);
  EXPECT_EQ(graph.find("c2"), nullptr);
  EXPECT_NE(graph.find("c3"), nullptr);
}

// Keras 2.2 over TensorFlow 1: dropout's Switch and Merge by keras_learning_phase.
TEST(RemoveTraining, TheLearningPhaseIsDecidedForInference) {
  Graph graph;
  Node& x = placeholder(graph, "x", {2});
  Node& phase = placeholder(graph, "dropout/keras_learning_phase", {}, DType::kBool);
  Node& gate = graph.add("Switch", "gate", {x.output(), phase.output()}).set("T", DType::kFloat32);
  Node& taken = add(graph, "Mul", "training", {gate.output(1), graph.add_const("two", Tensor::scalar(2.0F)).output()});
  Node& merge = graph.add("Merge", "merge", {gate.output(0), taken.output()}).set("T", DType::kFloat32).set("N", 2);
  Node& y = add(graph, "StopGradient", "stop", {merge.output()});
  Node& out = add(graph, "Relu", "out", {y.output()});
  Signature signature{{x.output(), phase.output()}, {out.output()}};
  run("remove_training", graph, signature);
  EXPECT_THAT(ops_of(graph), testing::UnorderedElementsAre("Placeholder", "Relu"));
  EXPECT_EQ(signature.inputs.size(), 1);
}

// tf.nn.dropout of TensorFlow 1.12: x / keep_prob * floor(keep_prob + uniform), keep_prob fed.
TEST(RemoveTraining, DropoutOfScripts) {
  Graph graph;
  Node& x = placeholder(graph, "x", {2});
  Node& keep = placeholder(graph, "keep_prob", {});
  Node& shape = graph.add_const("shape", Tensor::of<int32_t>({1}, {2}));
  Node& uniform =
      graph.add("RandomUniform", "uniform", {shape.output()}).set("dtype", DType::kFloat32).set("T", DType::kInt32);
  Node& sum = add(graph, "Add", "sum", {keep.output(), uniform.output()});
  Node& floor = add(graph, "Floor", "floor", {sum.output()});
  Node& div = add(graph, "RealDiv", "div", {x.output(), keep.output()});
  Node& dropped = add(graph, "Mul", "dropped", {div.output(), floor.output()});
  Node& out = add(graph, "Relu", "out", {dropped.output()});
  Signature signature{{x.output()}, {out.output()}};
  run("remove_training", graph, signature);
  EXPECT_THAT(ops_of(graph), testing::UnorderedElementsAre("Placeholder", "Relu"));
}

TEST(Sort, NodesFollowWhatTheyUse) {
  Graph graph;
  Node& out = add(graph, "Relu", "out", std::vector<graph::Endpoint>(1));
  Node& x = placeholder(graph, "x", {2});
  out.inputs[0] = x.output();
  Signature signature{{x.output()}, {out.output()}};
  run("sort", graph, signature);
  EXPECT_THAT(ops_of(graph), testing::ElementsAre("Placeholder", "Relu"));
  EXPECT_EQ(signature.outputs[0].node, graph.find("out"));
}

TEST(FixShapes, BatchAndNamedShapes) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 4});
  Node& out = add(graph, "Relu", "out", {x.output()});
  Signature signature{{x.output()}, {out.output()}};
  PassOptions options;
  options.batch = 3;
  EXPECT_EQ(run("fix_shapes", graph, signature, options), 1);
  EXPECT_EQ(x.get<Shape>("shape"), (Shape{3, 4}));
  options = {};
  options.input_shapes = {{"x", Shape{3, 5}}};
  EXPECT_EQ(message_of([&] { run("fix_shapes", graph, signature, options); }),
            "pass fix_shapes: input `x`: expected a shape that [3, 4] allows, found [3, 5]");
  options.input_shapes = {{"z", Shape{3, 4}}};
  EXPECT_EQ(message_of([&] { run("fix_shapes", graph, signature, options); }),
            "pass fix_shapes: --input-shape: `z` is no input of the graph; its inputs are x");
}

TEST(HalfWeights, RoundsAndRefusesWhatFloat16DoesNotReach) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 4});
  std::vector<float> weights(16, 1.0009765625F);  // 1 + 2^-10 is a float16
  Node& w = graph.add_const("w", Tensor::vector(weights).reshaped({4, 4}));
  Node& out = add(graph, "MatMul", "out", {x.output(), w.output()});
  Signature signature{{x.output()}, {out.output()}};
  EXPECT_EQ(run("half_weights", graph, signature), 1);
  EXPECT_EQ(graph.find("w")->value().dtype(), DType::kFloat16);
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 4}, {1, 1, 1, 1})), testing::Each(4.00390625F));
  Graph large;
  Node& z = placeholder(large, "x", {kUnknown, 4});
  weights[3] = 70000;
  Node& product = add(large, "MatMul", "out",
                      {z.output(), large.add_const("w", Tensor::vector(weights).reshaped({4, 4})).output()});
  Signature large_signature{{z.output()}, {product.output()}};
  EXPECT_EQ(
      message_of([&] { run("half_weights", large, large_signature); }),
      "pass half_weights: node `w`: it holds 70000, and float16 reaches to 65504; leave out the pass half_weights");
}

TEST(HalfWeights, LargeOnesGoByWayOfAFile) {
  Graph graph;
  const int64_t n = (int64_t{1} << 20) + 3;
  Node& x = placeholder(graph, "x", {1, n});
  std::vector<float> weights(static_cast<size_t>(n), 0.5F);
  weights[0] = 3;
  weights.back() = -7;
  Node& out = add(graph, "Mul", "out", {x.output(), graph.add_const("w", Tensor::vector(weights)).output()});
  Signature signature{{x.output()}, {out.output()}};
  EXPECT_EQ(run("half_weights", graph, signature), 1);
  const Tensor half = graph.find("w")->value();
  EXPECT_NE(half.file_range(), nullptr);
  const Reader reader(half);
  EXPECT_EQ(reader[0], 3);
  EXPECT_EQ(reader[n / 2], 0.5);
  EXPECT_EQ(reader[n - 1], -7);
}

// A weight as a .pb holds it, at any byte: its aligned copy has to live as long as it is read.
TEST(HalfWeights, ReadsWhatAFileDoesNotAlign) {
  const std::vector<float> values(size_t{1} << 20, 1.5F);
  const auto bytes = std::make_shared<std::vector<std::byte>>(values.size() * sizeof(float) + 1);
  std::memcpy(bytes->data() + 1, values.data(), values.size() * sizeof(float));
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 1 << 20});
  Node& w = graph.add_const("w", Tensor(DType::kFloat32, {1 << 20}, std::span(*bytes).subspan(1), bytes));
  Node& y = add(graph, "Mul", "y", {x.output(), w.output()});
  Signature signature{{x.output()}, {y.output()}};
  EXPECT_EQ(run("half_weights", graph, signature), 1);
  EXPECT_EQ(w.value().dtype(), DType::kFloat16);
  EXPECT_EQ(w.value().cast(DType::kFloat32).values<float>()[12345], 1.5F);
}

TEST(NchwInputs, TheTransposeStandsWithinTheGraph) {
  Graph graph;
  Node& x = placeholder(graph, "x", {1, 1, 2, 3});
  Node& out = add(graph, "Relu", "out", {x.output()});
  Signature signature{{x.output()}, {out.output()}};
  run("nchw_inputs", graph, signature);
  EXPECT_EQ(x.get<Shape>("shape"), (Shape{1, 3, 1, 2}));
  EXPECT_THAT(evaluated(graph, signature, Tensor::of<float>({1, 3, 1, 2}, {1, 2, 3, 4, 5, 6})),
              testing::ElementsAre(1, 3, 5, 2, 4, 6));
}

}  // namespace
}  // namespace hoarfrost::passes
