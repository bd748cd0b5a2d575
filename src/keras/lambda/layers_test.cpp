// Keras' layers within what --lambda and --custom say. Numbers by hand; answers of whole custom layers are in
// tests/custom_layers_test.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <array>
#include <nlohmann/json.hpp>

#include "keras/layer.h"

namespace hoarfrost::keras {
namespace {

constexpr Version kKeras215{2, 15};

// A custom layer of two weights, a kernel of [2, 2] and a bias of [2], in whose place the expression stands.
std::shared_ptr<const Layer> said(const std::string& expression) {
  const Json json{
      {"name", "l"},
      {"expression", expression},
      {"option", "--custom L"},
      {"weights", {{{"name", "inner/variable"}, {"shape", {2, 2}}}, {{"name", "inner/variable_1"}, {"shape", {2}}}}}};
  return parse_layer(Config(json, "Lambda", kKeras215));
}

std::string refusal(const std::string& expression) {
  try {
    (void)said(expression)->infer({Shape{kUnknown, 2}});
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

std::vector<double> answer(const std::string& expression) {
  const std::array<double, 2> values{1, -2};
  const std::array<double, 4> kernel{1, 2, 3, 4};
  const std::array<double, 2> bias{10, 20};
  const auto array = [](Shape shape, std::span<const double> numbers) {
    return Array(Tensor::of<double>(std::move(shape), numbers));
  };
  const Formula formula =
      said(expression)->reference({array({2, 2}, kernel), array({2}, bias)}, {array({1, 2}, values)}).at(0);
  std::vector<double> result;
  for (int64_t i = 0; i < formula.shape.n_elements(); ++i)
    result.push_back(formula.at(Index::at_offset(formula.shape, i)));
  return result;
}

TEST(LambdaLayers, ComputeWithTheirPartOfTheWeights) {
  // [1, -2] x [[1, 2], [3, 4]] + [10, 20]
  EXPECT_EQ(answer("layers.Dense(2, weights=w)(x)"), (std::vector<double>{5, 14}));
  EXPECT_EQ(answer("tf.keras.layers.Dense(2, 'relu', weights=w['inner'])(-x)"), (std::vector<double>{15, 26}));
  EXPECT_EQ(answer("layers.Dense(units=2, use_bias=False, weights=[w[0]])(x)"), (std::vector<double>{-5, -6}));
}

TEST(LambdaLayers, AreMadeByFunctionsToo) {
  EXPECT_EQ(answer("layers.add([x, x])"), (std::vector<double>{2, -4}));
  EXPECT_EQ(answer("KL.concatenate([x, w[1:2][0] + 0 * x], axis=1)"), (std::vector<double>{1, -2, 10, 20}));
  EXPECT_EQ(answer("layers.Dropout(0.5)(x, training=False)"), (std::vector<double>{1, -2}));
}

TEST(LambdaLayers, WithOtherWeightsAreRefused) {
  EXPECT_THAT(
      refusal("layers.Dense(2)(x)"),
      testing::HasSubstr("layers.Dense has the weights kernel [2, 2], bias [2], and was given 0 (weights=w[0:2])"));
  EXPECT_THAT(refusal("layers.Dense(2, weights=[w[1], w[0]])(x)"),
              testing::HasSubstr("layers.Dense has a kernel of [2, 2], and was given [2] (inner/variable_1)"));
  EXPECT_THAT(refusal("layers.Dense(2, weights=[x, w[1]])(x)"), testing::HasSubstr("expected some of `w`"));
  EXPECT_THAT(
      refusal("layers.Dense(2, weights=w['outer'])(x)"),
      testing::HasSubstr("no weight of the layer is in 'outer'; its weights are inner/variable, inner/variable_1"));
}

TEST(LambdaLayers, CalledOtherwiseAreRefused) {
  EXPECT_THAT(refusal("layers.Dropout(0.5)(x, training=True)"), testing::HasSubstr("training=True"));
  EXPECT_THAT(refusal("layers.Dense(2, weights=w)(x, mask=x)"), testing::HasSubstr("call_arguments"));
  EXPECT_THAT(refusal("layers.Dense(2, colour='red', weights=w)(x)"), testing::HasSubstr("has no argument `colour`"));
  EXPECT_THAT(refusal("layers.Dense(weights=w)(x)"), testing::HasSubstr("lacks its argument `units`"));
  EXPECT_THAT(refusal("layers.Squash()(x)"), testing::HasSubstr("layers.Squash, which is not known"));
}

}  // namespace
}  // namespace hoarfrost::keras
