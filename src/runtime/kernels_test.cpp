// Every kernel against its op's reference, at several batches, with and without fusion.
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Attributes = std::vector<std::pair<const char*, graph::Attribute>>;
using Ints = std::vector<int64_t>;

Attributes window(Ints strides, const char* padding, Ints dilations = {1, 1, 1, 1}) {
  return {{"strides", std::move(strides)}, {"padding", std::string(padding)}, {"dilations", std::move(dilations)}};
}

struct ConvolutionCase {
  const char* name;
  Shape input, filter;
  Attributes attributes;
};

class Convolutions : public testing::TestWithParam<ConvolutionCase> {};

TEST_P(Convolutions, GiveTheReferencesValues) {
  GraphBuilder b;
  const auto& p = GetParam();
  Shape shape = p.input;
  shape[0] = kUnknown;
  const auto x = b.placeholder("x", shape);
  const char* op = p.input.rank() == 5 ? "Conv3D" : "Conv2D";
  const auto y = b.op(op, "y", {x, b.weights(p.filter)}, p.attributes);
  b.expect_reference({x}, {y});
  for (const bool fuse : {true, false}) {
    for (const Step& step : b.plan({x}, {y}, 3, fuse))
      EXPECT_FALSE(step.implementation.starts_with("ref")) << step.implementation;
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Convolutions,
    testing::Values(
        ConvolutionCase{"Same", {1, 16, 16, 32}, {3, 3, 32, 64}, window({1, 1, 1, 1}, "SAME")},
        ConvolutionCase{"Valid", {1, 9, 7, 5}, {3, 2, 5, 7}, window({1, 1, 1, 1}, "VALID")},
        ConvolutionCase{"ThreeChannels", {1, 32, 32, 3}, {3, 3, 3, 32}, window({1, 1, 1, 1}, "SAME")},
        ConvolutionCase{"OneChannel", {1, 28, 28, 1}, {5, 5, 1, 20}, window({1, 1, 1, 1}, "SAME")},
        ConvolutionCase{"StridedSamePadsAfter", {1, 10, 11, 16}, {3, 3, 16, 16}, window({1, 2, 2, 1}, "SAME")},
        ConvolutionCase{"EvenKernelSame", {1, 8, 8, 16}, {4, 2, 16, 32}, window({1, 1, 1, 1}, "SAME")},
        ConvolutionCase{"Pointwise", {1, 7, 7, 96}, {1, 1, 96, 24}, window({1, 1, 1, 1}, "SAME")},
        ConvolutionCase{"PointwiseStrided", {1, 14, 14, 64}, {1, 1, 64, 128}, window({1, 2, 2, 1}, "VALID")},
        ConvolutionCase{"Dilated", {1, 13, 13, 16}, {3, 3, 16, 16}, window({1, 1, 1, 1}, "SAME", {1, 2, 3, 1})},
        ConvolutionCase{"Grouped", {1, 6, 6, 16}, {3, 3, 4, 32}, window({1, 1, 1, 1}, "SAME")},
        ConvolutionCase{"Volume", {1, 6, 5, 4, 3}, {3, 2, 1, 3, 8}, window({1, 1, 1, 1, 1}, "SAME", {1, 1, 1, 1, 1})}),
    [](const auto& tested) { return tested.param.name; });

TEST(Kernels, DepthwiseConvolution) {
  for (const int64_t multiplier : {1, 2}) {
    for (const int64_t stride : {1, 2}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {kUnknown, 12, 13, 24});
      const auto y = b.op("DepthwiseConv2dNative", "y", {x, b.weights({3, 3, 24, multiplier})},
                          window({1, stride, stride, 1}, "SAME"));
      b.expect_reference({x}, {y});
    }
  }
}

void expect_no_fallback(const std::vector<Step>& plan) {
  for (const Step& step : plan) {
    EXPECT_FALSE(step.implementation.starts_with("ref")) << step.name << ": " << step.implementation;
  }
}

TEST(Kernels, Pooling) {
  for (const char* op : {"MaxPool", "AvgPool"}) {
    for (const char* padding : {"SAME", "VALID"}) {
      for (const int64_t stride : {1, 2}) {
        for (const int64_t channels : {32, 5}) {
          GraphBuilder b;
          const auto x = b.placeholder("x", {kUnknown, 9, 8, channels});
          auto attributes = window({1, stride, stride, 1}, padding);
          attributes.emplace_back("ksize", Ints{1, 3, 2, 1});
          const auto y = b.op(op, "y", {x}, attributes);
          b.expect_reference({x}, {y});
          expect_no_fallback(b.plan({x}, {y}));
        }
      }
    }
  }
}

TEST(Kernels, ElementwiseFunctions) {
  for (const char* op :
       {"Relu", "Relu6", "Elu", "Sigmoid", "Tanh", "Softplus", "Exp", "Abs", "Neg", "Square", "LeakyRelu"}) {
    for (const Shape& shape : {Shape{kUnknown, 7}, Shape{kUnknown, 5, 6, 16}, Shape{kUnknown}}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", shape);
      const auto y = b.op(op, "y", {x}, {{"alpha", 0.3F}});
      b.expect_reference({x}, {y});
      expect_no_fallback(b.plan({x}, {y}));
    }
  }
}

// By hand: log(1 + exp(-18)) is 1.5229979e-8, and a network of mish multiplies what is wrong there by -18.
TEST(Kernels, SoftplusIsExactWhereItIsSmall) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {1, 3});
  const auto y = b.op("Softplus", "y", {x});
  Session session(b.graph, {{x}, {y}}, {.threads = 1});
  const auto result = session.run(std::vector<Tensor>{Tensor::of<float>({1, 3}, {-18, 0, 18})});
  EXPECT_FLOAT_EQ(result.at(0).values<float>()[0], 1.5229979e-8F);
  EXPECT_FLOAT_EQ(result.at(0).values<float>()[1], 0.69314718F);
  EXPECT_FLOAT_EQ(result.at(0).values<float>()[2], 18.0F);
}

// To some units in the last place, near 0 too, and 1 where it is.
TEST(Kernels, ErfIsExactEverywhere) {
  GraphBuilder b;
  constexpr int64_t kNumbers = 4001;
  const auto x = b.placeholder("x", {1, kNumbers});
  const auto y = b.op("Erf", "y", {x});
  Session session(b.graph, {{x}, {y}}, {.threads = 1});
  Tensor numbers(DType::kFloat32, {1, kNumbers});
  for (int64_t i = 0; i < kNumbers; ++i)
    numbers.mutable_values<float>()[static_cast<size_t>(i)] = static_cast<float>(i - 2000) * 0.003F;
  numbers.mutable_values<float>()[0] = NAN;
  const auto result = session.run(std::vector<Tensor>{numbers});
  const auto found = result.at(0).values<float>();
  EXPECT_TRUE(std::isnan(found[0]));
  for (size_t i = 1; i < kNumbers; ++i) {
    const double expected = std::erf(static_cast<double>(numbers.values<float>()[i]));
    EXPECT_NEAR(found[i], expected, 4e-7 * std::abs(expected)) << numbers.values<float>()[i];
  }
}

// Every element, in every vector width: between two levels a last bit decides.
TEST(Kernels, FakeQuantIsTheReferencesBitForBit) {
  for (const bool is_narrow : {false, true}) {
    for (const auto& [min, max] : {std::pair{-6.0F, 6.0F}, std::pair{-0.7F, 3.1F}, std::pair{0.0F, 0.0F}}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {kUnknown, 37});
      const auto y =
          b.op("FakeQuantWithMinMaxVars", "y", {x, b.constant(Tensor::scalar(min)), b.constant(Tensor::scalar(max))},
               {{"narrow_range", is_narrow}});
      expect_no_fallback(b.plan({x}, {y}));
      Tensor input(DType::kFloat32, {29, 37});
      const auto values = input.mutable_values<float>();
      for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i) * 0.0131F - 7;
      Session session(b.graph, {{x}, {y}}, {.threads = 1});
      const auto found = session.run(std::vector<Tensor>{input}).at(0);
      const auto expected = ops::evaluate(b.graph, {{x, input}}, std::vector{y}).at(0);
      EXPECT_TRUE(std::ranges::equal(found.values<float>(), expected.values<float>()));
    }
  }
}

TEST(Kernels, BinaryFunctionsBroadcast) {
  const std::vector<std::pair<Shape, Shape>> shapes = {{{kUnknown, 4, 5, 6}, {kUnknown, 4, 5, 6}},
                                                       {{kUnknown, 4, 5, 6}, {6}},
                                                       {{kUnknown, 4, 5, 6}, {kUnknown, 1, 1, 6}},
                                                       {{4, 1}, {kUnknown, 1, 7}},
                                                       {{}, {kUnknown, 3}},
                                                       {{kUnknown, 300, 50}, {300, 50}},
                                                       {{kUnknown}, {kUnknown}}};
  for (const char* op : {"Add", "AddV2", "Sub", "Mul", "RealDiv", "Maximum", "Minimum", "SquaredDifference"}) {
    for (const auto& [left, right] : shapes) {
      GraphBuilder b;
      const auto x = b.placeholder("x", left);
      const auto y = b.op("Exp", "positive", {b.placeholder("y", right)});
      const auto z = b.op(op, "z", {x, y});
      b.expect_reference({x, b.graph.find("y")->output()}, {z});
      expect_no_fallback(b.plan({x, b.graph.find("y")->output()}, {z}));
    }
  }
}

TEST(Kernels, DenseLayers) {
  for (const bool transposed : {false, true}) {
    for (const int64_t n : {10, 64, 130}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {kUnknown, 77});
      const auto w = b.weights(transposed ? Shape{n, 77} : Shape{77, n});
      const auto y = b.op("MatMul", "y", {x, w}, {{"transpose_b", transposed}});
      const auto z = b.op("Relu", "z", {b.op("BiasAdd", "b", {y, b.weights({n})})});
      b.expect_reference({x}, {z});
      expect_no_fallback(b.plan({x}, {z}));
    }
  }
}

TEST(Kernels, ProductsOfTwoValues) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 6, 5});
  const auto y = b.placeholder("y", {kUnknown, 6, 4});
  b.expect_reference({x, y}, {b.op("BatchMatMulV2", "z", {x, y}, {{"adj_x", true}}),
                              b.op("BatchMatMulV2", "broadcast", {x, b.weights({1, 5, 3})})});
  const auto m = b.placeholder("m", {5, kUnknown});
  b.expect_reference({m}, {b.op("MatMul", "gram", {m, m}, {{"transpose_a", true}})});
}

TEST(Kernels, Softmax) {
  for (const char* op : {"Softmax", "LogSoftmax"}) {
    for (const Shape& shape : {Shape{kUnknown, 10}, Shape{kUnknown, 3, 4, 21}, Shape{kUnknown, 1000}}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", shape);
      b.expect_reference({x}, {b.op(op, "y", {x})});
    }
  }
}

TEST(Kernels, ReductionsOverSpace) {
  for (const char* op : {"Mean", "Max"}) {
    for (const bool keep_dims : {false, true}) {
      GraphBuilder b;
      const auto x = b.placeholder("x", {kUnknown, 7, 6, 32});
      b.expect_reference({x}, {b.op(op, "y", {x, b.integers({1, -2})}, {{"keep_dims", keep_dims}}),
                               b.op(op, "z", {x, b.integers({0, 3})})});
      expect_no_fallback(b.plan({x}, {b.graph.find("y")->output()}));
    }
  }
}

TEST(Kernels, ConcatenateTransposePad) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 5, 4, 3});
  const auto y = b.op("ConcatV2", "y", {x, x, b.op("Relu", "r", {x}), b.scalar(-1)}, {{"N", 3}});
  const auto z = b.op("ConcatV2", "z", {x, x, b.scalar(1)}, {{"N", 2}});
  const auto t = b.op("Transpose", "t", {y, b.integers({0, 3, 1, 2})}, {{"Tperm", DType::kInt32}});
  const auto paddings = b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 1, 2, 0, 3, 2, 0}));
  b.expect_reference({x}, {y, z, t, b.op("Pad", "p", {x, paddings}),
                           b.op("PadV2", "q", {x, paddings, b.constant(Tensor::scalar(1.5F))})});
  expect_no_fallback(b.plan({x}, {y, z, t, b.graph.find("p")->output()}));
}

TEST(Kernels, BatchNormalization) {
  for (const Shape& shape : {Shape{kUnknown, 6, 5, 32}, Shape{kUnknown, 3, 2, 7}}) {
    GraphBuilder b;
    const auto x = b.placeholder("x", shape);
    const auto y = b.batch_norm("y", x, shape.last());
    b.expect_reference({x}, {y});
    EXPECT_EQ(b.plan({x}, {y}).at(0).implementation, "own:affine");
    b.expect_reference({x}, {y, graph::Endpoint{y.node, 1}});  // its statistics too
  }
}

TEST(Kernels, OtherTypesRunByTheReference) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 3}, DType::kInt32);
  const auto y = b.op("Add", "y", {x, x}, {{"T", DType::kInt32}});
  b.expect_reference({x}, {y});
  EXPECT_EQ(b.plan({x}, {y}).at(0).implementation, "reference:Add");
}

}  // namespace
}  // namespace hoarfrost::runtime
