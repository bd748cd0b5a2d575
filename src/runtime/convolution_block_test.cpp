// Blocks of convolution, relu, BatchNormalization in training and MaxPool, forward and back, against the ops'
// references: what is fused of them, and that nothing else is.
#include <cstring>

#include "runtime/kernels/simd.h"
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Attributes = std::vector<std::pair<const char*, graph::Attribute>>;
using Ints = std::vector<int64_t>;
using graph::Endpoint;

struct Case {
  const char* name;
  Shape input;  // [N, H, W, C]
  int64_t n_out_channels;
  const char* padding;
  bool has_bias, has_relu, has_input_gradient;  // a relu joins a convolution only behind a bias
  bool is_fused_forward = true, is_fused_back = true;
};

class ConvolutionBlock : public testing::TestWithParam<Case> {
 protected:
  static Shape output_shape(const Case& c) {
    const int64_t less = std::string(c.padding) == "SAME" ? 0 : 2;
    return {c.input[0], c.input[1] - less, c.input[2] - less, c.n_out_channels};
  }

  void SetUp() override {
    const Case& c = GetParam();
    const int64_t k = c.n_out_channels;
    const Shape shape = output_shape(c), filter{3, 3, c.input.last(), k};
    const Attributes window{{"strides", Ints{1, 1, 1, 1}}, {"padding", std::string(c.padding)}};
    const Attributes training{{"is_training", true}, {"epsilon", 1e-3F}};
    const Attributes pool{
        {"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", std::string("VALID")}};
    const auto sizes = [&](const Shape& s) { return b.integers({s.sizes().begin(), s.sizes().end()}); };
    inputs = {b.placeholder("input", c.input), b.placeholder("filter", filter),
              b.placeholder("bias", {k}),      b.placeholder("scale", {k}),
              b.placeholder("offset", {k}),    b.placeholder("dy", {shape[0], shape[1] / 2, shape[2] / 2, k})};
    Endpoint x = b.op("Conv2D", "conv", {inputs[0], inputs[1]}, window);
    if (c.has_bias) x = b.op("BiasAdd", "biased", {x, inputs[2]});
    if (c.has_relu) x = b.op("Relu", "relu", {x});
    const auto y = b.op("FusedBatchNorm", "y", {x, inputs[3], inputs[4], b.weights({k}), b.weights({k})}, training);
    const auto pooled = b.op("MaxPool", "pooled", {y}, pool);
    const auto dpool = b.op("MaxPoolGrad", "dpool", {y, pooled, inputs[5]}, pool);
    const auto dnorm = b.op("FusedBatchNormGrad", "dnorm", {dpool, x, inputs[3], {y.node, 3}, {y.node, 4}}, training);
    const auto dx = c.has_relu ? b.op("ReluGrad", "dx", {dnorm, x}) : dnorm;
    outputs = {pooled, {y.node, 1}, {y.node, 2}, {dnorm.node, 1}, {dnorm.node, 2}};
    outputs.push_back(b.op("Conv2DBackpropFilter", "dfilter", {inputs[0], sizes(filter), dx}, window));
    if (c.has_bias) outputs.push_back(b.op("BiasAddGrad", "dbias", {dx}));
    if (c.has_input_gradient)
      outputs.push_back(b.op("Conv2DBackpropInput", "dinput", {sizes(c.input), inputs[1], dx}, window));
  }

  std::vector<Tensor> random_inputs() {
    std::vector<Tensor> values;
    for (const auto& input : inputs) values.push_back(b.random(input.node->get<Shape>("shape"), -2, 2));
    return values;
  }

  void expect_reference() {
    const auto values = random_inputs();
    std::map<Endpoint, Tensor> feeds;
    for (size_t i = 0; i < inputs.size(); ++i) feeds[inputs[i]] = values[i];
    const auto expected = ops::evaluate(b.graph, feeds, outputs);
    for (const int threads : {1, 2, 3}) {
      Session session(b.graph, {inputs, outputs}, {.threads = threads, .is_deterministic = true});
      for (const char* run : {"first", "second"}) {
        const auto found = session.run(values);
        for (size_t i = 0; i < found.size(); ++i) {
          SCOPED_TRACE(outputs[i].name() + ", threads " + std::to_string(threads) + ", " + run + " run");
          GraphBuilder::expect_near(found[i], expected[i], 2e-5);
        }
      }
    }
  }

  std::vector<std::string> plan() {
    std::vector<Shape> shapes;
    for (const auto& input : inputs) shapes.push_back(input.node->get<Shape>("shape"));
    std::vector<std::string> result;
    for (const Step& step : Session(b.graph, {inputs, outputs}, {.is_deterministic = true}).plan(shapes))
      result.push_back(step.implementation);
    return result;
  }

  GraphBuilder b;
  std::vector<Endpoint> inputs, outputs;
};

TEST_P(ConvolutionBlock, GivesTheReferencesValues) { expect_reference(); }

TEST_P(ConvolutionBlock, IsOneOperationEachWay) {
  if (!has_avx512()) GTEST_SKIP() << "this processor has no AVX-512";
  const auto steps = plan();
  EXPECT_EQ(std::ranges::count(steps, "own:convolution+batch_norm+max_pool"), GetParam().is_fused_forward ? 1 : 0);
  EXPECT_EQ(std::ranges::count(steps, "own:batch_norm_gradient+max_pool+convolution"),
            GetParam().is_fused_back ? 1 : 0);
}

// The same bits in every run.
TEST_P(ConvolutionBlock, RoundsAlike) {
  const auto values = random_inputs();
  const auto run = [&] {
    return Session(b.graph, {inputs, outputs}, {.threads = 2, .is_deterministic = true}).run(values);
  };
  const auto first = run(), second = run();
  for (size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(std::memcmp(first[i].bytes().data(), second[i].bytes().data(), first[i].n_bytes()), 0) << i;
}

// What lies between may be asked for; then it is written.
TEST_P(ConvolutionBlock, GradientsThatAreAskedForAreGiven) {
  outputs.push_back(b.graph.find(GetParam().has_relu ? "dx" : "dnorm")->output());
  outputs.push_back(b.graph.find("y")->output());
  expect_reference();
}

INSTANTIATE_TEST_SUITE_P(
    All, ConvolutionBlock,
    testing::Values(Case{"Picture", {16, 8, 12, 3}, 32, "SAME", true, true, false},
                    Case{"OddChannels", {19, 6, 10, 3}, 28, "SAME", true, true, false},
                    Case{"OneChannel", {17, 14, 6, 1}, 28, "SAME", true, true, false},
                    Case{"TwoChannelsToMany", {16, 6, 6, 2}, 80, "SAME", false, true, false, false},
                    Case{"FourChannels", {16, 4, 8, 4}, 48, "SAME", true, false, false},
                    Case{"PictureValid", {16, 8, 10, 3}, 16, "VALID", true, true, false},
                    Case{"PictureWithGradient", {16, 8, 8, 3}, 16, "SAME", true, true, true, true, false},
                    Case{"Inner", {16, 8, 8, 32}, 64, "SAME", true, true, true},
                    Case{"InnerOdd", {21, 6, 14, 28}, 72, "SAME", true, true, true},
                    Case{"InnerValid", {18, 10, 12, 16}, 37, "VALID", true, true, true},
                    Case{"InnerWithoutBias", {16, 6, 6, 16}, 40, "SAME", false, true, true, false},
                    Case{"InnerWithoutRelu", {16, 4, 4, 19}, 16, "SAME", true, false, true},
                    Case{"InnerWithoutGradient", {16, 8, 8, 16}, 16, "SAME", true, true, false},
                    Case{"ManyTiles", {16, 28, 30, 16}, 16, "SAME", true, true, true},
                    Case{"FewImages", {3, 8, 8, 3}, 32, "SAME", true, true, false, false, false},
                    Case{"LargeImages", {16, 66, 64, 3}, 32, "SAME", true, true, false, false, false}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace hoarfrost::runtime
