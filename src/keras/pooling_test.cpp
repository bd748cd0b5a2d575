// Pooling: expected values are Keras 2.15.0's answers to layer_testing.h's ramps, unless a comment says otherwise.
#include "keras/pooling.h"

#include <gtest/gtest.h>

#include "keras/layer_testing.h"

namespace hoarfrost::keras {
namespace {

TEST(Pooling, PaddingNeitherWinsNorCounts) {
  const auto max =
      layer_of("MaxPooling2D", R"({"name": "p", "pool_size": [2, 2], "strides": [2, 2], "padding": "same"})");
  EXPECT_THAT(answer(*max, {1, 3, 5, 1}), are_near({2.5, 3, 2, 0, 1.5, 3}));
  const auto average =
      layer_of("AveragePooling2D", R"({"name": "p", "pool_size": [3, 2], "strides": [2, 2], "padding": "same"})");
  EXPECT_THAT(answer(*average, {1, 3, 5, 1}), are_near({0.25, 0.375, 1.5, -0.125, 0, 2.5}));
}

// Keras 1: pool_length, stride; without a stride the window's size.
TEST(Pooling, ReadsKeras1sSpelling) {
  EXPECT_EQ(
      layer_of("MaxPooling1D", R"({"name": "p", "pool_length": 3, "stride": null, "border_mode": "valid"})", {1, 2})
          ->infer({{-1, 9, 4}})[0],
      (Shape{-1, 3, 4}));
  EXPECT_EQ(layer_of("MaxPooling1D", R"({"name": "p", "pool_length": 3, "stride": 2, "border_mode": "same"})", {1, 2})
                ->infer({{-1, 9, 4}})[0],
            (Shape{-1, 5, 4}));
}

TEST(Pooling, OverTimeStandsBetweenExpandDimsAndSqueeze) {
  EXPECT_THAT(ops_of(*layer_of("MaxPooling1D", R"({"name": "p", "pool_size": 2})"), {-1, 6, 2}),
              testing::ElementsAre("ExpandDims layer/ExpandDims", "MaxPool layer/MaxPool", "Squeeze layer/Squeeze"));
}

// By hand: x = [-2, 1.5 | -0.5, 3 | 1, -1].
TEST(GlobalPooling, KeepsAxesOnDemand) {
  const auto average = layer_of("GlobalAveragePooling1D", R"({"name": "g", "keepdims": true})");
  EXPECT_EQ(average->infer({{-1, 3, 2}})[0], (Shape{-1, 1, 2}));
  EXPECT_THAT(answer(*average, {1, 3, 2}), are_near({-0.5, 3.5 / 3}));
  EXPECT_THAT(answer(*layer_of("GlobalMaxPooling1D", R"({"name": "g"})"), {1, 3, 2}), are_near({1, 3}));
}

// By hand: the same x, its second step masked.
TEST(GlobalPooling, AverageLeavesMaskedStepsOut) {
  Array x(ramp({1, 3, 2}, 0.5, -2));
  x.mask = std::make_shared<const Array>(Tensor::of<bool>({1, 3}, {true, false, true}));
  const auto layer = layer_of("GlobalAveragePooling1D", R"({"name": "g"})");
  EXPECT_THAT(elements(layer->reference({}, {x}).at(0)), are_near({-0.5, 0.25}));
}

}  // namespace
}  // namespace hoarfrost::keras
