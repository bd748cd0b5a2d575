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

}  // namespace
}  // namespace hoarfrost::runtime
