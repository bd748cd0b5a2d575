// The kernels of training graphs against their ops' references: odd shapes, strides and paddings, NaN where TensorFlow
// keeps it, and what is fused among them.
#include <hoarfrost/error.h>

#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Attributes = std::vector<std::pair<const char*, graph::Attribute>>;
using Ints = std::vector<int64_t>;

// Deterministic sessions, fused and not, against the references.
void expect_reference(GraphBuilder& b, const std::vector<graph::Endpoint>& inputs,
                      const std::vector<graph::Endpoint>& outputs, const std::map<std::string, Tensor>& given = {}) {
  std::map<graph::Endpoint, Tensor> feeds;
  std::vector<Tensor> values;
  std::vector<Shape> shapes;
  for (const auto& input : inputs) {
    const auto found = given.find(input.node->name());
    values.push_back(found != given.end() ? found->second : b.random(input.node->get<Shape>("shape"), -2, 2));
    shapes.push_back(values.back().shape());
    feeds[input] = values.back();
  }
  const auto expected = ops::evaluate(b.graph, feeds, outputs);
  for (const bool fuse : {true, false}) {
    Session session(b.graph, {inputs, outputs}, {.threads = 2, .fuse = fuse, .is_deterministic = true});
    const auto found = session.run(values);
    for (size_t i = 0; i < found.size(); ++i) {
      SCOPED_TRACE(outputs[i].name() + (fuse ? ", fused" : ", not fused"));
      GraphBuilder::expect_near(found[i], expected[i], 2e-5);
    }
    for (const Step& step : session.plan(shapes))
      EXPECT_FALSE(step.implementation.starts_with("reference")) << step.name << ": " << step.implementation;
  }
}

struct ConvolutionCase {
  const char* name;
  Shape input, filter, output;
  Ints strides;
  const char* padding;
  Ints dilations = {1, 1, 1, 1};
};

class TrainedConvolutions : public testing::TestWithParam<ConvolutionCase> {};

TEST_P(TrainedConvolutions, ForwardAndBothGradients) {
  const auto& p = GetParam();
  GraphBuilder b;
  const bool is_3d = p.input.rank() == 5;
  const Attributes attributes{{"strides", p.strides}, {"padding", std::string(p.padding)}, {"dilations", p.dilations}};
  const auto x = b.placeholder("x", p.input), w = b.placeholder("w", p.filter), dy = b.placeholder("dy", p.output);
  const auto sizes = [&](const Shape& shape) { return b.integers({shape.sizes().begin(), shape.sizes().end()}); };
  const std::string conv = is_3d ? "Conv3D" : "Conv2D", v2 = is_3d ? "V2" : "";
  const auto y = b.op(conv.c_str(), "y", {x, w}, attributes);
  const auto bias = b.placeholder("bias", {p.filter.last()});
  const auto z = b.op("Relu", "z", {b.op("BiasAdd", "biased", {y, bias})});
  const auto dx = b.op((conv + "BackpropInput" + v2).c_str(), "dx", {sizes(p.input), w, dy}, attributes);
  const auto dw = b.op((conv + "BackpropFilter" + v2).c_str(), "dw", {x, sizes(p.filter), dy}, attributes);
  const auto db = b.op("BiasAddGrad", "db", {dy});
  const auto dz = b.op("ReluGrad", "dz", {dy, b.graph.find("biased")->output()});
  expect_reference(b, {x, w, dy, bias}, {z, dx, dw, db, dz});
}

INSTANTIATE_TEST_SUITE_P(
    All, TrainedConvolutions,
    testing::Values(
        ConvolutionCase{"Same", {2, 16, 16, 32}, {3, 3, 32, 64}, {2, 16, 16, 64}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"ThreeChannels", {2, 12, 11, 3}, {3, 3, 3, 32}, {2, 12, 11, 32}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"OneChannelTo28", {3, 9, 9, 1}, {3, 3, 1, 28}, {3, 9, 9, 28}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"From28", {2, 7, 7, 28}, {3, 3, 28, 64}, {2, 7, 7, 64}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"Valid", {3, 9, 10, 16}, {3, 3, 16, 48}, {3, 7, 8, 48}, {1, 1, 1, 1}, "VALID"},
        ConvolutionCase{"OddChannels", {2, 6, 5, 19}, {3, 3, 19, 37}, {2, 6, 5, 37}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"WiderThanAPanel", {1, 8, 8, 65}, {3, 3, 65, 80}, {1, 8, 8, 80}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"OddValid", {2, 9, 7, 5}, {3, 2, 5, 7}, {2, 4, 6, 7}, {1, 2, 1, 1}, "VALID"},
        ConvolutionCase{"StridedSame", {1, 10, 11, 16}, {3, 3, 16, 16}, {1, 5, 6, 16}, {1, 2, 2, 1}, "SAME"},
        ConvolutionCase{"Grouped", {2, 6, 6, 16}, {3, 3, 4, 32}, {2, 6, 6, 32}, {1, 1, 1, 1}, "SAME"},
        ConvolutionCase{"Dilated", {1, 9, 9, 16}, {3, 3, 16, 16}, {1, 9, 9, 16}, {1, 1, 1, 1}, "SAME", {1, 2, 3, 1}},
        ConvolutionCase{
            "Volume", {1, 6, 5, 4, 3}, {3, 2, 1, 3, 8}, {1, 6, 5, 4, 8}, {1, 1, 1, 1, 1}, "SAME", {1, 1, 1, 1, 1}}),
    [](const auto& tested) { return tested.param.name; });

TEST(TrainingKernels, DepthwiseConvolution) {
  for (const int64_t multiplier : {1, 2}) {
    GraphBuilder b;
    const Attributes attributes{{"strides", Ints{1, 2, 2, 1}}, {"padding", std::string("SAME")}};
    const auto x = b.placeholder("x", {2, 9, 8, 24}), w = b.placeholder("w", {3, 3, 24, multiplier});
    const auto dy = b.placeholder("dy", {2, 5, 4, 24 * multiplier});
    const auto n = static_cast<int32_t>(multiplier);
    expect_reference(
        b, {x, w, dy},
        {b.op("DepthwiseConv2dNative", "y", {x, w}, attributes),
         b.op("DepthwiseConv2dNativeBackpropInput", "dx", {b.integers({2, 9, 8, 24}), w, dy}, attributes),
         b.op("DepthwiseConv2dNativeBackpropFilter", "dw", {x, b.integers({3, 3, 24, n}), dy}, attributes)});
  }
}

TEST(TrainingKernels, BatchNormalization) {
  for (const Shape& shape : {Shape{3, 6, 5, 32}, Shape{2, 7, 3, 28}, Shape{40, 20, 20, 7}, Shape{1, 1, 1, 3}}) {
    GraphBuilder b;
    const int64_t c = shape.last();
    const auto x = b.placeholder("x", shape), dy = b.placeholder("dy", shape);
    const auto scale = b.placeholder("scale", {c}), offset = b.placeholder("offset", {c});
    const auto moving = b.weights({c});
    const auto y =
        b.op("FusedBatchNorm", "y", {x, scale, offset, moving, moving}, {{"is_training", true}, {"epsilon", 1e-3F}});
    const auto dx = b.op("FusedBatchNormGrad", "dx", {dy, x, scale, {y.node, 3}, {y.node, 4}},
                         {{"is_training", true}, {"epsilon", 1e-3F}});
    expect_reference(b, {x, dy, scale, offset}, {y, {y.node, 1}, {y.node, 2}, dx, {dx.node, 1}, {dx.node, 2}});
  }
}

// A network's block: relu, BatchNormalization, MaxPool, and the way back; scales of both signs.
std::vector<graph::Endpoint> pooled_batch_norm(GraphBuilder& b, const Shape& shape, bool has_relu,
                                               std::vector<graph::Endpoint>& inputs) {
  const int64_t c = shape.last();
  const Attributes training{{"is_training", true}, {"epsilon", 1e-3F}};
  const Attributes pool{{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", std::string("VALID")}};
  inputs = {b.placeholder("x", shape), b.placeholder("scale", {c}), b.placeholder("offset", {c}),
            b.placeholder("dy", {shape[0], shape[1] / 2, shape[2] / 2, c})};
  const auto x = has_relu ? b.op("Relu", "relu", {inputs[0]}) : inputs[0];
  const auto y = b.op("FusedBatchNorm", "y", {x, inputs[1], inputs[2], b.weights({c}), b.weights({c})}, training);
  const auto pooled = b.op("MaxPool", "pooled", {y}, pool);
  const auto dpool = b.op("MaxPoolGrad", "dpool", {y, pooled, inputs[3]}, pool);
  const auto dnorm = b.op("FusedBatchNormGrad", "dnorm", {dpool, x, inputs[1], {y.node, 3}, {y.node, 4}}, training);
  const auto dx = has_relu ? b.op("ReluGrad", "dx", {dnorm, x}) : dnorm;
  return {pooled, {y.node, 1}, {y.node, 2}, dx, {dnorm.node, 1}, {dnorm.node, 2}};
}

TEST(TrainingKernels, BatchNormalizationWithItsPool) {
  for (const Shape& shape : {Shape{3, 6, 8, 32}, Shape{2, 4, 2, 28}, Shape{2, 2, 6, 5}}) {
    for (const bool has_relu : {true, false}) {
      GraphBuilder b;
      std::vector<graph::Endpoint> inputs;
      const auto outputs = pooled_batch_norm(b, shape, has_relu, inputs);
      expect_reference(b, inputs, outputs);
      std::vector<Shape> shapes;
      for (const auto& input : inputs) shapes.push_back(input.node->get<Shape>("shape"));
      std::vector<std::string> plan;
      for (const Step& step : Session(b.graph, {inputs, outputs}, {.is_deterministic = true}).plan(shapes))
        plan.push_back(step.implementation);
      EXPECT_THAT(plan, testing::Contains("own:batch_norm+max_pool"));
      EXPECT_THAT(plan, testing::Contains(has_relu ? "own:batch_norm_gradient+max_pool+relu"
                                                   : "own:batch_norm_gradient+max_pool"));
    }
  }
}

// Its pool has other windows, or somebody else reads what is between: then each stands alone.
TEST(TrainingKernels, BatchNormalizationWhoseValuesAreAskedForIsNotPooled) {
  GraphBuilder b;
  std::vector<graph::Endpoint> inputs;
  auto outputs = pooled_batch_norm(b, {2, 4, 4, 16}, true, inputs);
  outputs.push_back(b.graph.find("y")->output());
  expect_reference(b, inputs, outputs);
}

TEST(TrainingKernels, BatchNormalizationFarFromZeroKeepsItsDigits) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {8, 16, 16, 16});
  const auto ones = b.constant(Tensor::vector(std::vector<float>(16, 1.0F)));
  const auto y = b.op("FusedBatchNorm", "y", {x, ones, ones, ones, ones}, {{"is_training", true}, {"epsilon", 1e-3F}});
  expect_reference(b, {x}, {y, {y.node, 2}}, {{"x", b.random({8, 16, 16, 16}, 99, 101)}});
}

TEST(TrainingKernels, GradientsOfPools) {
  for (const char* padding : {"SAME", "VALID"}) {
    for (const int64_t stride : {1, 2, 3}) {
      for (const int64_t channels : {32, 21}) {
        GraphBuilder b;
        const Attributes attributes{
            {"ksize", Ints{1, 3, 2, 1}}, {"strides", Ints{1, stride, stride, 1}}, {"padding", std::string(padding)}};
        const auto x = b.placeholder("x", {2, 9, 8, channels});
        const auto y = b.op("MaxPool", "y", {x}, attributes);
        const auto mean = b.op("AvgPool", "mean", {x}, attributes);
        const auto dx = b.op("MaxPoolGrad", "dx", {x, y, b.op("Neg", "n", {y})}, attributes);
        const auto dmean =
            b.op("AvgPoolGrad", "dmean", {b.integers({2, 9, 8, static_cast<int32_t>(channels)}), mean}, attributes);
        expect_reference(b, {x}, {dx, dmean});
      }
    }
  }
}

TEST(TrainingKernels, TheFirstOfEqualMaximaTakesAllAndNanIsAMaximum) {
  GraphBuilder b;
  const Attributes attributes{
      {"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", std::string("VALID")}};
  const auto x = b.placeholder("x", {1, 2, 4, 16}), dy = b.placeholder("dy", {1, 1, 2, 16});
  Tensor values(DType::kFloat32, {1, 2, 4, 16});
  values.mutable_values<float>()[5 * 16 + 3] = NAN;
  expect_reference(b, {x, dy}, {b.op("MaxPoolGrad", "dx", {x, dy, dy}, attributes)}, {{"x", values}});
}

TEST(TrainingKernels, Sums) {
  const std::vector<std::vector<int32_t>> axes{{0},    {1},          {-1},      {0, 1}, {1, 2},
                                               {0, 2}, {0, 1, 2, 3}, {0, 1, 2}, {0, 3}, {}};
  for (const char* op : {"Sum", "Mean"}) {
    for (const auto& each : axes) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {5, 17, 9, 20});
      expect_reference(b, {x}, {b.op(op, "y", {x, b.integers(each)}, {{"keep_dims", each.size() == 1}})});
    }
  }
}

TEST(TrainingKernels, MaximaAndMinima) {
  const std::vector<std::vector<int32_t>> axes{{0}, {1}, {-1}, {0, 1}, {1, 2}, {0, 2}, {0, 1, 2, 3}, {0, 3}};
  for (const char* op : {"Max", "Min"}) {
    for (const auto& each : axes) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {5, 17, 9, 20});
      expect_reference(b, {x}, {b.op(op, "y", {x, b.integers(each)}, {{"keep_dims", each.size() == 2}})});
    }
  }
}

TEST(TrainingKernels, NanIsBothMaximumAndMinimum) {
  for (const char* op : {"Max", "Min"}) {
    for (const int32_t axis : {0, 1}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {3, 3});
      const Tensor values = Tensor::of<float>({3, 3}, {1, 2, 3, 4, NAN, 6, 7, 8, 9});
      const Tensor inputs[] = {values};
      const auto y = Session(b.graph, {{x}, {b.op(op, "y", {x, b.integers({axis})})}}).run(inputs)[0];
      EXPECT_TRUE(std::isnan(y.values<float>()[1])) << op << axis;
      EXPECT_FALSE(std::isnan(y.values<float>()[0]) || std::isnan(y.values<float>()[2])) << op << axis;
    }
  }
}

TEST(TrainingKernels, Views) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {4, 9, 6, 50}), v = b.placeholder("v", {7}), y = b.placeholder("y", {4, 9, 6, 50});
  const auto split = b.op("Split", "split", {b.scalar(-2), x}, {{"num_split", int64_t{3}}});
  const auto unpacked = b.op("Unpack", "unpacked", {x}, {{"num", int64_t{9}}, {"axis", int64_t{1}}});
  const auto last = b.op("Unpack", "last", {v}, {{"num", int64_t{7}}, {"axis", int64_t{-1}}});
  std::vector<graph::Endpoint> outputs{
      b.op("Slice", "part", {x, b.integers({1, 2, 0, 3}), b.integers({2, -1, 5, 40})}, {{"Index", DType::kInt32}}),
      b.op("Slice", "all", {v, b.integers({0}), b.integers({7})}, {{"Index", DType::kInt32}}),
      b.op("Tile", "tile", {x, b.integers({2, 1, 3, 1})}, {{"Tmultiples", DType::kInt32}}),
      b.op("Tile", "row", {v, b.integers({3})}, {{"Tmultiples", DType::kInt32}}),
      b.op("ReverseV2", "mirror", {x, b.integers({2, 0})}, {{"Tidx", DType::kInt32}}),
      b.op("ReverseV2", "back", {v, b.integers({-1})}, {{"Tidx", DType::kInt32}}),
      {split.node, 0},
      {split.node, 2},
      {unpacked.node, 0},
      {unpacked.node, 8},
      {last.node, 3},
      b.op("Pack", "pack", {x, y}, {{"N", int64_t{2}}, {"axis", int64_t{2}}}),
      b.op("Pack", "ends", {v, v, v}, {{"N", int64_t{3}}, {"axis", int64_t{-1}}})};
  expect_reference(b, {x, v, y}, outputs);
}

TEST(TrainingKernels, SegmentSums) {
  for (const DType dtype : {DType::kInt32, DType::kInt64}) {
    GraphBuilder b;
    const auto x = b.placeholder("x", {6, 5, 70}), ids = b.placeholder("ids", {6, 5}, dtype);
    std::vector<int64_t> places(30);
    for (size_t i = 0; i < places.size(); ++i) places[i] = static_cast<int64_t>(i * i % 12) - 1;  // -1 among them
    const Tensor given = Tensor::of<int64_t>({6, 5}, std::span<const int64_t>(places)).cast(dtype);
    const auto y =
        b.op("UnsortedSegmentSum", "y", {x, ids, b.scalar(13)}, {{"Tindices", dtype}, {"Tnumsegments", DType::kInt32}});
    expect_reference(b, {x, ids}, {y}, {{"ids", given}});
  }
}

TEST(TrainingKernels, ASegmentThatIsNotThereIsRefused) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {2, 3}), ids = b.placeholder("ids", {2}, DType::kInt32);
  const auto y = b.op("UnsortedSegmentSum", "y", {x, ids, b.scalar(4)},
                      {{"Tindices", DType::kInt32}, {"Tnumsegments", DType::kInt32}});
  const Tensor inputs[] = {b.random({2, 3}), Tensor::vector<int32_t>({1, 4})};
  try {
    (void)Session(b.graph, {{x, ids}, {y}}).run(inputs);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "node `y`: id 4 is none of 4 segments");
  }
}

TEST(TrainingKernels, ProductsInAllDirections) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {13, 70}), w = b.placeholder("w", {70, 33}), bias = b.placeholder("bias", {33}),
             dy = b.placeholder("dy", {13, 33});
  const auto y = b.op("Relu", "relu", {b.op("BiasAdd", "biased", {b.op("MatMul", "y", {x, w}), bias})});
  const auto dx = b.op("MatMul", "dx", {dy, w}, {{"transpose_b", true}});
  const auto dw = b.op("MatMul", "dw", {x, dy}, {{"transpose_a", true}});
  expect_reference(b, {x, w, bias, dy}, {y, dx, dw, b.op("BiasAddGrad", "db", {dy})});
}

TEST(TrainingKernels, WideDenseLayers) {
  for (const int64_t width : {128, 176}) {
    GraphBuilder b;
    const auto x = b.placeholder("x", {23, 300}), w = b.placeholder("w", {300, width}),
               bias = b.placeholder("bias", {width});
    const auto y = b.op("MatMul", "y", {x, w}),
               z = b.op("Relu", "z", {b.op("BiasAdd", "biased", {b.op("MatMul", "product", {x, w}), bias})});
    expect_reference(b, {x, w, bias}, {y, z});
  }
}

TEST(TrainingKernels, GradientsOfActivations) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {7, 31}), y = b.placeholder("y", {7, 31});
  std::vector<graph::Endpoint> outputs;
  for (const char* op : {"ReluGrad", "Relu6Grad", "EluGrad", "SigmoidGrad", "TanhGrad"})
    outputs.push_back(b.op(op, op, {x, y}));
  expect_reference(b, {x, y}, outputs);
}

TEST(TrainingKernels, ConditionsAndCasts) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {6, 5}), y = b.placeholder("y", {5});
  const auto less = b.op("Less", "less", {x, y});
  std::vector<graph::Endpoint> outputs{b.op("SelectV2", "chosen", {less, x, y}),
                                       b.op("AddN", "sum", {x, x, x}, {{"N", 3}}), b.op("ZerosLike", "zeros", {x}),
                                       b.op("BroadcastTo", "wide", {y, b.integers({6, 5})}, {{"Tidx", DType::kInt32}})};
  for (const char* op : {"Greater", "GreaterEqual", "LessEqual", "Equal", "NotEqual"}) {
    const auto both = b.op("LogicalAnd", "both", {b.op(op, op, {x, y}), b.op("LogicalNot", "not", {less})});
    outputs.push_back(b.op("Cast", "cast", {both}, {{"SrcT", DType::kBool}, {"DstT", DType::kFloat32}}));
  }
  expect_reference(b, {x, y}, outputs);
}

TEST(TrainingKernels, OneHot) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {4}, DType::kInt32);
  const auto y =
      b.op("OneHot", "y", {x, b.scalar(3), b.constant(Tensor::scalar(2.0F)), b.constant(Tensor::scalar(-1.0F))},
           {{"TI", DType::kInt32}, {"axis", int64_t{-1}}});
  expect_reference(b, {x}, {y}, {{"x", Tensor::vector<int32_t>({2, 0, -1, 3})}});
}

// Bit for bit: the reference's numbers are TensorFlow's own (tests/golden/ops).
TEST(TrainingKernels, RandomNumbersAreTensorFlows) {
  for (const char* op : {"StatelessRandomUniform", "StatelessRandomNormal"}) {
    for (const int32_t n : {1, 63, 64, 65, 5001}) {
      GraphBuilder b;
      const auto seed = b.placeholder("seed", {2}, DType::kInt64);
      const auto y = b.op(op, "y", {b.integers({n}), seed},
                          {{"dtype", DType::kFloat32}, {"T", DType::kInt32}, {"Tseed", DType::kInt64}});
      const Tensor value = Tensor::vector<int64_t>({-12345678901234, 77});
      const graph::Endpoint outputs[] = {y};
      const auto expected = ops::evaluate(b.graph, {{seed, value}}, outputs);
      const Tensor inputs[] = {value};
      const auto found = Session(b.graph, {{seed}, {y}}, {.threads = 2}).run(inputs);
      ASSERT_EQ(found[0].n_bytes(), expected[0].n_bytes());
      EXPECT_EQ(std::memcmp(found[0].bytes().data(), expected[0].bytes().data(), found[0].n_bytes()), 0)
          << op << " " << n;
    }
  }
}

TEST(TrainingKernels, RunIntoWritesWhereItIsTold) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {2, 3});
  const auto y = b.op("Neg", "y", {x});
  Session session(b.graph, {{x}, {y}});
  const Tensor inputs[] = {b.random({2, 3})};
  Tensor outputs[] = {Tensor(DType::kFloat32, {2, 3})};
  const auto* memory = outputs[0].bytes().data();
  session.run_into(inputs, outputs);
  EXPECT_EQ(outputs[0].bytes().data(), memory);
  EXPECT_EQ(outputs[0].values<float>()[5], -inputs[0].values<float>()[5]);
  Tensor wrong[] = {Tensor(DType::kFloat32, {3, 2})};
  try {
    session.run_into(inputs, wrong);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    EXPECT_STREQ(error.what(),
                 "output `y`: expected float32 of shape [2, 3] to write into, found float32 of shape [3, 2]");
  }
}

}  // namespace
}  // namespace hoarfrost::runtime
