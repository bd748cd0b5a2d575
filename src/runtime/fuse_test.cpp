// Each rule where it applies and where it must not; whatever it does, the references' values come out.
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Ints = std::vector<int64_t>;
using graph::Endpoint;
using testing::SizeIs;

class Fuse : public testing::Test {
 protected:
  GraphBuilder b;

  // Weights as small as trained ones: sums near 1, so that a function behind them sees errors of the size of its
  // values.
  Endpoint convolution(const std::string& name, Endpoint x, const Shape& filter, const char* padding = "SAME",
                       int64_t stride = 1) {
    return b.op("Conv2D", name, {x, b.weights(filter, -0.1F, 0.1F)},
                {{"strides", Ints{1, stride, stride, 1}}, {"padding", std::string(padding)}});
  }
  Endpoint max_pool(const std::string& name, Endpoint x, const char* padding = "VALID", int64_t size = 2) {
    return b.op("MaxPool", name, {x},
                {{"ksize", Ints{1, size, size, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", std::string(padding)}});
  }
  Endpoint bias(const std::string& name, Endpoint x, int64_t n) { return b.op("BiasAdd", name, {x, b.weights({n})}); }
  Endpoint relu(const std::string& name, Endpoint x) { return b.op("Relu", name, {x}); }

  // The steps that compute, without the edges' copies and reorders.
  std::vector<Step> steps(const std::vector<Endpoint>& inputs, const std::vector<Endpoint>& outputs) {
    b.expect_reference(inputs, outputs);
    auto plan = b.plan(inputs, outputs);
    std::erase_if(plan, [](const Step& step) {
      return step.name.starts_with("reorder for") || step.name.starts_with("copy for");
    });
    return plan;
  }
};

TEST_F(Fuse, BiasBatchNormAndReluGoIntoTheConvolution) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto y = relu("relu", b.batch_norm("bn", bias("bias", convolution("conv", x, {3, 3, 16, 32}), 32), 32));
  const auto plan = steps({x}, {y});
  ASSERT_THAT(plan, SizeIs(1));
  EXPECT_EQ(plan[0].name, "relu + bn + bias + conv");
}

TEST_F(Fuse, MulAndAddOfVectorsGoIntoTheConvolution) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto scaled = b.op("Mul", "mul", {convolution("conv", x, {1, 1, 16, 24}), b.weights({24})});
  const auto y = b.op("Sub", "sub", {b.op("AddV2", "add", {b.weights({1, 1, 1, 24}), scaled}), b.weights({24})});
  EXPECT_THAT(steps({x}, {y}), SizeIs(1));
}

TEST_F(Fuse, ADepthwiseConvolutionIsScaledByItsOutputChannels) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto depthwise = b.op("DepthwiseConv2dNative", "conv", {x, b.weights({3, 3, 16, 2})},
                              {{"strides", Ints{1, 1, 1, 1}}, {"padding", "SAME"}});
  EXPECT_THAT(steps({x}, {b.op("Relu6", "relu", {b.batch_norm("bn", depthwise, 32)})}), SizeIs(1));
}

TEST_F(Fuse, AFetchedIntermediateStays) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto biased = bias("bias", convolution("conv", x, {3, 3, 16, 32}), 32);
  EXPECT_THAT(steps({x}, {relu("relu", biased), biased}), SizeIs(2));
}

TEST_F(Fuse, ASharedIntermediateStays) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto biased = bias("bias", convolution("conv", x, {3, 3, 16, 32}), 32);
  EXPECT_THAT(steps({x}, {relu("relu", biased), b.op("Tanh", "tanh", {biased})}), SizeIs(3));
}

TEST_F(Fuse, BatchNormAfterReluStaysBehindIt) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto normal = b.batch_norm("bn", relu("relu", bias("bias", convolution("conv", x, {3, 3, 16, 32}), 32)), 32);
  const auto plan =
      steps({x}, {bias("last", convolution("next", normal, {3, 3, 32, 16}), 16)});  // SAME pads zeros after it
  ASSERT_THAT(plan, SizeIs(3));
  EXPECT_EQ(plan[1].name, "bn");
}

TEST_F(Fuse, BatchNormAndMaxPoolAreOneLoopForAnySignOfGamma) {
  for (const char* padding : {"SAME", "VALID"}) {
    for (const int64_t size : {2, 3}) {
      for (const int64_t channels : {16, 5}) {
        b = {};
        const auto x = b.placeholder("x", {kUnknown, 9, 8, channels});
        const auto plan = steps({x}, {max_pool("pool", b.batch_norm("bn", relu("relu", x), channels), padding, size)});
        ASSERT_THAT(plan, SizeIs(2));
        EXPECT_EQ(plan[1].name, "pool + bn");
        EXPECT_EQ(plan[1].implementation, "own:max_pool+affine");
      }
    }
  }
}

TEST_F(Fuse, AFetchedBatchNormIsNotPooledAway) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto normal = b.batch_norm("bn", x, 16);
  EXPECT_THAT(steps({x}, {max_pool("pool", normal), normal}), SizeIs(2));
}

TEST_F(Fuse, BatchNormTakesTheReluBehindIt) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  EXPECT_THAT(steps({x}, {relu("relu", b.batch_norm("bn", x, 16))}), SizeIs(1));
}

TEST_F(Fuse, AShortcutIsAddedInTheConvolution) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 32});
  const auto first = relu("first", bias("bias0", convolution("conv0", x, {1, 1, 32, 32}), 32));
  const auto second = bias("bias", convolution("conv", first, {3, 3, 32, 32}), 32);
  const auto sum = relu("relu", b.op("AddV2", "add", {second, first}));
  const auto plan = steps({x}, {bias("last", convolution("end", sum, {1, 1, 32, 8}), 8)});
  ASSERT_THAT(plan, SizeIs(3));
  EXPECT_EQ(plan[1].name, "relu + add + bias + conv");
}

TEST_F(Fuse, AShortcutThatIsReadLaterIsNotOverwritten) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 32});
  const auto sum =
      b.op("Add", "add", {x, bias("bias", convolution("conv", x, {3, 3, 32, 32}), 32)});  // x: the caller's memory
  const auto again = b.op("Add", "again", {sum, bias("bias1", convolution("conv1", sum, {3, 3, 32, 32}), 32)});
  EXPECT_THAT(steps({x}, {again, b.op("Add", "third", {sum, relu("relu", sum)})}), SizeIs(4));
}

TEST_F(Fuse, AnActivationBeforeTheAddKeepsTheAddApart) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 32});
  const auto y = relu("relu", bias("bias", convolution("conv", x, {3, 3, 32, 32}), 32));
  EXPECT_THAT(steps({x}, {b.op("Add", "add", {x, y})}), SizeIs(2));
}

TEST_F(Fuse, PadGoesIntoAValidConvolution) {
  const auto x = b.placeholder("x", {kUnknown, 9, 8, 3});
  const auto paddings = b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 3, 2, 1, 3, 0, 0}));
  const auto y = convolution("conv", b.op("Pad", "pad", {x, paddings}), {7, 7, 3, 16}, "VALID", 2);
  EXPECT_THAT(steps({x}, {y}), SizeIs(1));
}

TEST_F(Fuse, PadOfChannelsOrBeforeSameStays) {
  const auto x = b.placeholder("x", {kUnknown, 9, 8, 3});
  const auto channels = b.op("Pad", "pad", {x, b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 1, 1, 0, 0, 0, 1}))});
  const auto space = b.op("Pad", "pad1", {x, b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 1, 1, 0, 0, 0, 0}))});
  EXPECT_THAT(
      steps({x}, {convolution("conv", channels, {3, 3, 4, 8}, "VALID"), convolution("conv1", space, {3, 3, 3, 8})}),
      SizeIs(4));
}

TEST_F(Fuse, ADenseLayerReadsTheImageAsItLies) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto y = max_pool("pool", relu("relu", bias("bias", convolution("conv", x, {3, 3, 16, 32}), 32)));
  const auto flat = b.op("Reshape", "flatten", {y, b.integers({-1, 4 * 4 * 32})});
  const auto dense = relu("dense", bias("dense_bias", b.op("MatMul", "matmul", {flat, b.weights({512, 70})}), 70));
  const auto plan = steps({x}, {dense});
  ASSERT_THAT(plan, SizeIs(3));
  EXPECT_EQ(plan[2].name, "dense + dense_bias + matmul + flatten");
}

TEST_F(Fuse, SpaceToBatchBecomesADilation) {
  if (ops::find_op("SpaceToBatchND") == nullptr) GTEST_SKIP() << "the op is not known yet";
  const auto x = b.placeholder("x", {kUnknown, 9, 10, 16});
  const auto block = b.integers({2, 3});
  // SAME with dilations 2 and 3: paddings 2+2 and 3+3, then up to multiples of the rates.
  const auto to_batch =
      b.op("SpaceToBatchND", "to_batch", {x, block, b.constant(Tensor::of<int32_t>({2, 2}, {2, 3, 3, 5}))});
  const auto y = convolution("conv", to_batch, {3, 3, 16, 16}, "VALID");
  const auto to_space =
      b.op("BatchToSpaceND", "to_space", {y, block, b.constant(Tensor::of<int32_t>({2, 2}, {0, 1, 0, 2}))});
  EXPECT_THAT(steps({x}, {bias("bias", to_space, 16)}), SizeIs(1));
}

TEST_F(Fuse, TheSeedsNetworkHasNoReferenceAndOneReorder) {
  const auto x = b.placeholder("x", {kUnknown, 32, 32, 3});
  const auto block = [&](const std::string& n, Endpoint in, int64_t from, int64_t to) {
    const auto active = relu("relu" + n, bias("bias" + n, convolution("conv" + n, in, {3, 3, from, to}), to));
    return max_pool("pool" + n, b.batch_norm("bn" + n, active, to));
  };
  const auto image = block("1", block("0", x, 3, 32), 32, 64);
  const auto flat = b.op("Reshape", "flatten", {image, b.integers({-1, 4096})});
  const auto hidden = relu("hidden", bias("bias2", b.op("MatMul", "dense", {flat, b.weights({4096, 512})}), 512));
  const auto y = b.op("Softmax", "softmax",
                      {bias("bias3", b.op("MatMul", "dense1", {hidden, b.weights({512, 10}, -0.01F, 0.01F)}), 10)});
  b.expect_reference({x}, {y});
  for (const int64_t batch : {1, 32}) {
    const auto plan = b.plan({x}, {y}, batch);
    int n_reorders = 0;
    for (const Step& step : plan) {
      EXPECT_FALSE(step.implementation.starts_with("ref")) << step.name << ": " << step.implementation;
      n_reorders += step.name.starts_with("reorder") ? 1 : 0;
    }
    EXPECT_LE(n_reorders, 1);
  }
}

TEST_F(Fuse, ZerosAroundWhatAReluGaveArePaddingOfAMaxPool) {
  const auto x = b.placeholder("x", {kUnknown, 9, 8, 16});
  const auto paddings = b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 1, 1, 1, 1, 0, 0}));
  const auto positive = relu("relu", convolution("conv", x, {3, 3, 16, 32}));
  EXPECT_THAT(steps({x}, {max_pool("pool", b.op("Pad", "pad", {positive, paddings}), "VALID", 3)}), SizeIs(2));
}

TEST_F(Fuse, ZerosAroundNegativeValuesStayZeros) {
  const auto x = b.placeholder("x", {kUnknown, 9, 8, 16});
  const auto one = b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 1, 1, 1, 1, 0, 0}));
  EXPECT_THAT(
      steps({x}, {max_pool("pool", b.op("Pad", "pad", {convolution("conv", x, {3, 3, 16, 32}), one}), "VALID", 3)}),
      SizeIs(3));
}

TEST_F(Fuse, WindowsOfZerosAloneStayWindows) {
  const auto x = b.placeholder("x", {kUnknown, 9, 8, 16});
  const auto two = b.constant(Tensor::of<int32_t>({4, 2}, {0, 0, 2, 2, 2, 2, 0, 0}));
  EXPECT_THAT(
      steps({x}, {max_pool("pool", b.op("Pad", "pad", {relu("relu", convolution("conv", x, {3, 3, 16, 32})), two}))}),
      SizeIs(3));
}

// As Keras lowers Dense and its gelu on a sequence.
TEST_F(Fuse, ADenseLayerOfASequenceTakesItsBiasAndActivation) {
  const auto x = b.placeholder("x", {kUnknown, 12, 40});
  const auto rows = b.op("Reshape", "rows", {x, b.integers({-1, 40})});
  const auto product = b.op("MatMul", "product", {rows, b.weights({40, 24}, -0.1F, 0.1F)});
  const auto sequence = b.op("Reshape", "sequence", {product, b.integers({-1, 12, 24})});
  const auto plan = steps({x}, {relu("relu", bias("bias", sequence, 24))});
  ASSERT_THAT(plan, SizeIs(1));
  EXPECT_EQ(plan[0].name, "relu + bias + product");
}

TEST_F(Fuse, ABiasBehindAReshapeThatMovesColumnsStays) {
  const auto x = b.placeholder("x", {kUnknown, 40});
  const auto product = b.op("MatMul", "product", {x, b.weights({40, 24}, -0.1F, 0.1F)});
  const auto halves = b.op("Reshape", "halves", {product, b.integers({-1, 2, 12})});
  EXPECT_THAT(steps({x}, {bias("bias", halves, 12)}), SizeIs(2));
}

TEST_F(Fuse, AProductThatIsReadBesidesItsReshapeStays) {
  const auto x = b.placeholder("x", {kUnknown, 40});
  const auto product = b.op("MatMul", "product", {x, b.weights({40, 24}, -0.1F, 0.1F)});
  const auto sequence = b.op("Reshape", "sequence", {product, b.integers({-1, 1, 24})});
  EXPECT_THAT(steps({x}, {bias("bias", sequence, 24), product}), SizeIs(2));
}

TEST_F(Fuse, GeluIsOneOperation) {
  const auto x = b.placeholder("x", {kUnknown, 13, 97});
  const auto half = b.op("Mul", "half", {b.weights({}, 0.5F, 0.5F), x});
  const auto erf = b.op("Erf", "erf", {b.op("RealDiv", "scaled", {x, b.weights({}, 1.41421356F, 1.41421356F)})});
  const auto y = b.op("Mul", "y", {half, b.op("AddV2", "shifted", {erf, b.weights({}, 1, 1)})});
  const auto plan = steps({x}, {y});
  ASSERT_THAT(plan, SizeIs(1));
  EXPECT_EQ(plan[0].implementation, "own:elementwise of 5");
}

// Rows, columns, numbers and whole values, every function, and a last column that fills no register.
TEST_F(Fuse, FunctionsOfEachElementAreOneOperation) {
  for (const int64_t n : {1, 3, 16, 45, 530}) {
    b = {};
    const auto x = b.placeholder("x", {kUnknown, 1100 / n + 1, n});
    const auto row = b.placeholder("row", {kUnknown, 1100 / n + 1, 1});
    auto y = b.op("Tanh", "tanh", {b.op("Mul", "mul", {x, row})});
    y = b.op("Sub", "sub", {b.weights({n}), b.op("Sigmoid", "sigmoid", {b.op("Neg", "neg", {y})})});
    y = b.op("SquaredDifference", "difference", {y, x});
    y = b.op("RealDiv", "div",
             {b.weights({1, 1, n}), b.op("AddV2", "add", {b.weights({}, 1, 1), b.op("Square", "square", {y})})});
    y = relu("relu", b.op("BiasAdd", "bias", {y, b.weights({n})}));
    EXPECT_THAT(steps({x, row}, {y}), SizeIs(1)) << n;
  }
}

TEST_F(Fuse, WhatOthersReadEndsAGroup) {
  const auto x = b.placeholder("x", {kUnknown, 8, 160});
  const auto doubled = b.op("AddV2", "doubled", {x, x});
  const auto y = b.op("Mul", "y", {b.op("Square", "square", {doubled}), x});
  EXPECT_THAT(steps({x}, {y, doubled}), SizeIs(2));
}

}  // namespace
}  // namespace hoarfrost::runtime
