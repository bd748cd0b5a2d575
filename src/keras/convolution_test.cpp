// Convolutions: expected values are Keras 2.15.0's answers to layer_testing.h's ramps, unless a comment says otherwise.
#include "keras/convolution.h"

#include <gtest/gtest.h>

#include "keras/layer_testing.h"

namespace hoarfrost::keras {
namespace {

TEST(Convolution, SameIsAsymmetricUnderStridesAndEvenKernels) {
  const auto layer =
      layer_of("Conv2D", R"({"name": "c", "filters": 2, "kernel_size": [2, 3], "strides": [2, 2], "padding": "same"})");
  EXPECT_THAT(answer(*layer, {1, 4, 5, 2}),
              are_near({1.75, -0.25, -8.25, 10.375, 0.5, 7.875, 4.75, -8.625, 1.5, 6.5, 5, -4.5}));
}

TEST(Convolution, CausalLooksBackOnly) {
  const auto layer =
      layer_of("Conv1D", R"({"name": "c", "filters": 2, "kernel_size": 3, "dilation_rate": 2, "padding": "causal"})");
  EXPECT_THAT(answer(*layer, {1, 6, 1}),
              are_near({-2, 1.75, -0.25, 0, -0.75, -2, 0.125, 1.5, 1.625, -2, -3.75, 6.875}));
  EXPECT_THAT(ops_of(*layer, {-1, 6, 1}),
              testing::ElementsAre("Pad layer/Pad", "SpaceToBatchND layer/Conv1D/SpaceToBatchND",
                                   "ExpandDims layer/Conv1D/ExpandDims", "ExpandDims layer/Conv1D/ExpandDims_1",
                                   "Conv2D layer/Conv1D", "Squeeze layer/Conv1D/Squeeze",
                                   "BatchToSpaceND layer/Conv1D/BatchToSpaceND", "BiasAdd layer/BiasAdd"));
}

// Two groups of one channel each, by hand: x = [-2, 1.5 | -0.5, 3], kernel [-1, 0.75].
TEST(Convolution, GroupsSeeTheirOwnChannels) {
  const auto layer =
      layer_of("Conv1D", R"({"name": "c", "filters": 2, "kernel_size": 1, "groups": 2, "use_bias": false})");
  EXPECT_THAT(answer(*layer, {1, 2, 2}), are_near({2, 1.125, 0.5, 2.25}));
  EXPECT_THAT(layer->weights({{1, 2, 2}})[0].shape, (Shape{1, 1, 2}));
}

TEST(Convolution, TransposedIsKeras) {
  const auto same = layer_of(
      "Conv2DTranspose",
      R"({"name": "c", "filters": 1, "kernel_size": [3, 3], "strides": [2, 2], "padding": "same", "output_padding": [1, 1]})");
  EXPECT_EQ(same->infer({{1, 2, 3, 2}})[0], (Shape{1, 4, 6, 1}));
  EXPECT_THAT(answer(*same, {1, 2, 3, 2}),
              are_near({2.125, 1.75,   0,    3.625, -4.5, -2.75, -3.125, 2,      -2.375, 2.375, -3,   -2.75,
                        -5,    -3.125, 4.75, 3.125, 0.75, -3,    2.25,   -2.375, -2.875, 2.125, -3.5, -3}));
  const auto valid = layer_of(
      "Conv2DTranspose",
      R"({"name": "c", "filters": 1, "kernel_size": [3, 2], "strides": [2, 3], "padding": "valid", "output_padding": null})");
  EXPECT_THAT(answer(*valid, {1, 2, 2, 1}),
              are_near({1,     -2.5, -1, -2.5,   0.125, -1, -0.5,  -4,  -1, -1.375, 1.25,  -1, -1.5, -0.375, -1,
                        -3.25, 0.5,  -1, -0.875, -1.75, -1, -1.75, 3.5, -1, -1.25,  -0.75, -1, 0.5,  -2.5,   -1}));
}

TEST(Convolution, DepthwiseAndSeparableAreKeras) {
  const auto depthwise =
      layer_of("DepthwiseConv2D", R"({"name": "d", "kernel_size": [2, 2], "padding": "same", "depth_multiplier": 2})");
  EXPECT_THAT(answer(*depthwise, {1, 2, 3, 2}),
              are_near({-2.25, 2.375, 6.125, 5,    1.125, -1.625, -5.25, 2.75, -2, 1.5,  0,    2,
                        -4.25, 3.375, 2.125, 2.75, 0.5,   -0.375, -3.25, 4,    -1, 0.75, 0.25, -1.5}));
  const auto separable = layer_of("SeparableConv2D", R"({"name": "s", "filters": 2, "kernel_size": [2, 2]})");
  EXPECT_THAT(answer(*separable, {1, 2, 3, 2}), are_near({-3.96875, 10.6875, -0.3125, -0.75}));
}

// DepthwiseConv2dNative takes equal strides only.
TEST(Convolution, DepthwiseSlidesByOneUnderUnequalStrides) {
  const auto layer =
      layer_of("DepthwiseConv2D",
               R"({"name": "d", "kernel_size": [2, 2], "strides": [1, 2], "padding": "same", "use_bias": false})");
  EXPECT_THAT(ops_of(*layer, {-1, 4, 4, 3}),
              testing::ElementsAre("Pad layer/Pad", "DepthwiseConv2dNative layer/depthwise",
                                   "StridedSlice layer/strided_slice"));
}

TEST(Convolution, ReadsKeras1sSpelling) {
  const auto layer = layer_of(
      "Convolution2D",
      R"({"name": "c", "nb_filter": 4, "nb_row": 3, "nb_col": 2, "border_mode": "same", "subsample": [2, 1], "dim_ordering": "tf", "bias": false})",
      {1, 2});
  EXPECT_EQ(layer->infer({{-1, 9, 9, 2}})[0], (Shape{-1, 5, 9, 4}));
  EXPECT_EQ(layer->weights({{-1, 9, 9, 2}}).size(), 1U);
}

TEST(Convolution, UnknownSizesStayUnknown) {
  const auto layer = layer_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 3})");
  EXPECT_EQ(layer->infer({{-1, -1, 9, 2}})[0], (Shape{-1, -1, 7, 4}));
}

TEST(Convolution, RefusesWithTheReason) {
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 3, "data_format": "NCHW"})"),
            "layer `c` (Conv2D): `data_format` must be channels_last or channels_first, found NCHW");
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 3, "data_format": "channels_first"})",
                       {1, 3, 5}),
            "expected channels first, before 2 axes of space, found [1, 3, 5]");
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 2})"),
            "layer `c` (Conv2D): strides and dilation_rate above 1 together are not defined, in Keras neither");
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 5, "kernel_size": 3, "groups": 2})"),
            "layer `c` (Conv2D): `filters` (5) must be a positive multiple of `groups` (2)");
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 0})"),
            "layer `c` (Conv2D): window sizes, strides and dilations must be 1 or more, found 0");
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 3})", {1, 2, 5, 1}),
            "the window takes 3 elements along axis 1, the input [1, 2, 5, 1] has only 2");
  EXPECT_EQ(message_of("Conv2D", R"({"name": "c", "filters": 4, "kernel_size": 3, "groups": 2})", {1, 5, 5, 3}),
            "the input [1, 5, 5, 3] must have a known number of channels that 2 groups divide");
  EXPECT_EQ(
      message_of("Conv2DTranspose",
                 R"({"name": "c", "filters": 4, "kernel_size": 3, "strides": 2, "dilation_rate": 2})"),
      "layer `c` (Conv2DTranspose): strides and dilation_rate above 1 together are not defined, in Keras neither");
}

}  // namespace
}  // namespace hoarfrost::keras
