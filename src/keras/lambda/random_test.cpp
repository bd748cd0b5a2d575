// --random mean: the answers are the distributions' means, said by hand.
#include "keras/lambda/random.h"

#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <array>
#include <nlohmann/json.hpp>

#include "keras/layer.h"

namespace hoarfrost::keras {
namespace {

constexpr Version kKeras2{2, 15};

std::vector<double> answer(const Json& json, const std::string& class_name, const Array& x) {
  const auto layer = parse_layer(Config(json, class_name, kKeras2));
  const Formula formula = layer->reference({}, {x}).at(0);
  std::vector<double> result;
  for (int64_t i = 0; i < formula.shape.n_elements(); ++i)
    result.push_back(formula.at(Index::at_offset(formula.shape, i)));
  return result;
}

TEST(Random, ASampleIsItsMean) {
  // lambda x: x + K.random_normal(K.shape(x)), of CPython 3.8
  const Json json = Json::parse(R"({"name": "z", "random": "mean", "function_type": "lambda", "function": [
    "YwEAAAAAAAAAAAAAAAEAAAAGAAAAQwAAAHMUAAAAfAB0AKABdACgAnwAoQGhARcAUwApAU4pA9oBS1oNcmFuZG9tX25vcm1hbNoFc2hhcGUpAdoBeKkAcgMAAAD6BG0ucHnaCDxsYW1iZGE+AQAAAPMAAAAA",
    null, null]})");
  const std::array<double, 4> values{1, -2, 3, 0.5};
  const Array x(Tensor::of<double>({2, 2}, std::span<const double>(values)));
  EXPECT_EQ(answer(json, "Lambda", x), std::vector<double>(values.begin(), values.end()));
}

TEST(Random, AUniformNumberIsTheMiddle) {
  const Json json = Json::parse(R"({"name": "u", "random": "mean", "function": "random.uniform",
    "call_arguments": {"args": [{"tensor": 0}], "kwargs": {"minval": 1, "maxval": 4}}})");
  const std::array<double, 2> sizes{1, 3};
  const Array shape(Tensor::of<double>({2}, std::span<const double>(sizes)));
  EXPECT_EQ(answer(json, "TFOpLambda", shape), (std::vector<double>{2.5, 2.5, 2.5}));
}

TEST(Random, IsRefusedUnlessTheMeanIsAskedFor) {
  const Json json = Json::parse(R"({"name": "u", "function": "random.normal",
    "call_arguments": {"args": [{"tensor": 0}], "kwargs": {}}})");
  const std::array<double, 2> sizes{1, 3};
  const Array shape(Tensor::of<double>({2}, std::span<const double>(sizes)));
  try {
    (void)answer(json, "TFOpLambda", shape);
    FAIL() << "a random function was converted";
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("which is the mean with --random mean"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace hoarfrost::keras
