// bfloat16 has 8 significant bits: what it computes lies near float32, and not on it.
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Ints = std::vector<int64_t>;

class BFloat16 : public testing::Test {
 protected:
  // A convolutional network with all that has layouts of its own: pooling with and without BatchNormalization, a sum, a
  // concatenation, dense layers.
  void SetUp() override {
    if (!has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16 arithmetic";
    x = b.placeholder("x", {kUnknown, 12, 12, 3});
    const auto first = b.op("Relu", "relu_1", {convolution("conv_1", x, {3, 3, 3, 24})});
    const auto second =
        b.op("Relu", "relu_2", {b.op("AddV2", "sum", {convolution("conv_2", first, {3, 3, 24, 24}), first})});
    const auto joined = b.op("ConcatV2", "concat", {second, first, b.scalar(-1)}, {{"N", 2}});
    const auto pooled = b.op("MaxPool", "pool", {b.batch_norm("bn", joined, 48)}, window());
    const auto averaged = b.op("AvgPool", "average", {convolution("conv_3", pooled, {1, 1, 48, 20})}, window());
    const auto flat = b.op("Reshape", "flatten", {averaged, b.integers({-1, 180})});
    y = b.op("MatMul", "dense",
             {b.op("Relu", "relu_3", {b.op("MatMul", "hidden", {flat, b.weights({180, 40}, -0.1F, 0.1F)})}),
              b.weights({40, 10}, -0.2F, 0.2F)});
  }

  graph::Endpoint convolution(const char* name, graph::Endpoint input, const Shape& filter) {
    return b.op("Conv2D", name, {input, b.weights(filter, -0.1F, 0.1F)},
                {{"strides", Ints{1, 1, 1, 1}}, {"padding", "SAME"}});
  }
  static std::vector<std::pair<const char*, graph::Attribute>> window() {
    return {{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", "VALID"}};
  }

  Tensor run(Precision precision, const Tensor& input) {
    Session session(b.graph, {{x}, {y}}, {.threads = 2, .precision = precision});
    return session.run(std::span(&input, 1)).at(0);
  }

  GraphBuilder b;
  graph::Endpoint x, y;
};

TEST_F(BFloat16, IsNearFloat32ButNotTheSame) {
  for (const int64_t batch : {1, 7, 32}) {
    const Tensor input = b.random({batch, 12, 12, 3});
    const Tensor exact = run(Precision::kFloat32, input);
    const Tensor rounded = run(Precision::kBFloat16, input);
    GraphBuilder::expect_near(rounded, exact, 0.05);  // six layers, each rounding by up to 2^-9
    EXPECT_NE(rounded.values<float>()[0], exact.values<float>()[0]);
  }
}

TEST_F(BFloat16, IsWhatConvolutionsAndDenseLayersRunOn) {
  Session session(b.graph, {{x}, {y}}, {.threads = 2, .precision = Precision::kBFloat16});
  const Shape shape{4, 12, 12, 3};
  int n_products = 0;
  for (const Step& step : session.plan(std::span(&shape, 1))) {
    const bool is_product =
        step.name.find("conv_") != std::string::npos || step.name.find("dense") != std::string::npos;
    if (!is_product || step.name.starts_with("reorder") || step.implementation.starts_with("own:")) continue;
    ++n_products;
    EXPECT_FALSE(step.implementation.starts_with("ref")) << step.name << ": " << step.implementation;
  }
  EXPECT_GE(n_products, 4);
}

}  // namespace
}  // namespace hoarfrost::runtime
