#include "keras/activations.h"

#include <gtest/gtest.h>

#include "keras/layer_testing.h"

namespace hoarfrost::keras {
namespace {

const std::vector<float> kInput{-7.5F, -3, -1, -0.4F, 0, 0.3F, 0.5F, 1, 4, 7.5F};

std::vector<double> of(const std::string& activation, Version version = {2, 15}) {
  const auto layer = layer_of("Activation", R"({"name": "a", "activation": )" + activation + "}", version);
  return elements(layer->reference({}, {Array(Tensor::of<float>({1, 10}, std::span(kInput)))}).at(0));
}

// keras.activations of Keras 2.15.0 over kInput, computed by it.
TEST(Activations, AreThoseOfKeras2) {
  const std::vector<std::pair<std::string, std::vector<double>>> expected{
      {"elu", {-0.9994469, -0.950213, -0.6321205, -0.32968, 0, 0.3, 0.5, 1, 4, 7.5}},
      {"gelu", {0, -0.004049689, -0.1586553, -0.1378313, 0, 0.1853734, 0.3457312, 0.8413447, 3.999874, 7.5}},
      {"hard_sigmoid", {0, 0, 0.3, 0.42, 0.5, 0.56, 0.6, 0.7, 1, 1}},
      {"mish",
       {-0.004146985, -0.1456475, -0.3034014, -0.1889165, 0, 0.2080014, 0.3752452, 0.8650984, 3.997412, 7.499996}},
      {"relu", {0, 0, 0, 0, 0, 0.3, 0.5, 1, 4, 7.5}},
      {"selu", {-1.757127, -1.670569, -1.111331, -0.5796101, 0, 0.3152103, 0.5253505, 1.050701, 4.202804, 7.880258}},
      {"sigmoid",
       {0.0005527786, 0.04742588, 0.2689414, 0.4013123, 0.5, 0.5744425, 0.6224594, 0.7310586, 0.9820138, 0.9994472}},
      {"softmax",
       {2.956965e-07, 2.661775e-05, 0.0001966801, 0.0003583744, 0.0005346318, 0.0007216777, 0.0008814589, 0.00145328,
        0.02918991, 0.9666371}},
      {"softplus",
       {0.0005529314, 0.04858736, 0.3132617, 0.5130153, 0.6931472, 0.8543552, 0.9740769, 1.313262, 4.01815, 7.500553}},
      {"softsign", {-0.8823529, -0.75, -0.5, -0.2857143, 0, 0.2307692, 0.3333333, 0.5, 0.8, 0.8823529}},
      {"swish",
       {-0.004145839, -0.1422776, -0.2689414, -0.1605249, 0, 0.1723328, 0.3112297, 0.7310586, 3.928055, 7.495854}},
      {"tanh",
       {-0.9999994, -0.9950547, -0.7615942, -0.379949, 0, 0.2913126, 0.4621172, 0.7615942, 0.9993292, 0.9999994}},
      {"linear", {-7.5, -3, -1, -0.4, 0, 0.3, 0.5, 1, 4, 7.5}},
  };
  for (const auto& [name, values] : expected) EXPECT_THAT(of('"' + name + '"'), are_near(values)) << name;
}

// relu6(x + 3)/6 by hand.
TEST(Activations, HardSigmoidIsAnotherFunctionInKeras3) {
  EXPECT_THAT(of(R"("hard_sigmoid")", {3, 15}), are_near({0, 0, 1 / 3.0, 2.6 / 6, 0.5, 0.55, 3.5 / 6, 4 / 6.0, 1, 1}));
}

// The row [-1.7063274, -0.78773236, 0.5172693, 0.3518528] and Keras 3.15.1's answer.
TEST(Activations, SparsemaxIsKeras3s) {
  const auto layer = layer_of("Activation", R"({"name": "a", "activation": "sparsemax"})", {3, 15});
  const Tensor x = Tensor::of<float>({1, 4}, {-1.7063274F, -0.78773236F, 0.5172693F, 0.3518528F});
  EXPECT_THAT(elements(layer->reference({}, {Array(x)}).at(0)), are_near({0, 0, 0.3240736, 0.1586571}));
}

TEST(Activations, ReadEveryFormThatKerasWrites) {
  EXPECT_THAT(of("null"), are_near({-7.5, -3, -1, -0.4, 0, 0.3, 0.5, 1, 4, 7.5}));
  const std::vector<double> relu6{0, 0, 0, 0, 0, 0.3, 0.5, 1, 4, 6};
  EXPECT_THAT(of(R"({"module": "builtins", "class_name": "function", "config": "relu6", "registered_name": "relu6"})"),
              are_near(relu6));
  EXPECT_THAT(of(R"({"class_name": "ReLU", "config": {"name": "re_lu", "max_value": 6.0}})"), are_near(relu6));
  const std::vector<double> leaky{-1.5, -0.6, -0.2, -0.08, 0, 0.3, 0.5, 1, 4, 7.5};
  EXPECT_THAT(
      of(R"({"module": "keras.layers", "class_name": "LeakyReLU", "config": {"name": "l", "alpha": 0.2}, "registered_name": null})"),
      are_near(leaky));
  EXPECT_THAT(of(R"("leaky_relu")"), are_near(leaky));
  EXPECT_THAT(of(R"("LeakyReLU")"), are_near({-2.25, -0.9, -0.3, -0.12, 0, 0.3, 0.5, 1, 4, 7.5}));
}

TEST(Activations, RefuseWhatTheyDoNotKnow) {
  EXPECT_THAT(
      message_of("Activation", R"({"name": "a", "activation": "my_function"})"),
      testing::StartsWith("layer `a` (Activation): activation `my_function` is not known; there are Addons>lisht, "
                          "Addons>rrelu, Addons>snake, Addons>sparsemax, celu, cos, elu,"));
  EXPECT_THAT(message_of("Activation", R"({"name": "a", "activation": "Addons>logish"})"),
              testing::HasSubstr("`Addons>logish` is not known"));
  EXPECT_THAT(message_of("Activation", R"({"name": "a", "activation": "snake"})"),
              testing::HasSubstr("`snake` is not known"));  // an author's own of that name
  EXPECT_THAT(message_of("Activation", R"({"name": "a", "activation": "threshold"})"),
              testing::HasSubstr("needs arguments"));
  EXPECT_THAT(
      message_of("Activation", R"({"name": "a", "activation": {"class_name": "Dense", "config": {"units": 3}}})"),
      testing::HasSubstr("`Dense` is not known"));
  EXPECT_THAT(message_of("Activation", R"({"name": "a", "activation": {"class_name": "PReLU", "config": {}}})"),
              testing::HasSubstr("weights of its own"));
  EXPECT_THAT(message_of("Activation", R"({"name": "a", "activation": 3})"),
              testing::HasSubstr("must be a name or an object"));
}

TEST(Activations, UseOpsOfTensorFlow14UnderKerasNames) {
  const auto ops = [](const std::string& json) {
    return ops_of(*layer_of("Activation", R"({"name": "a", "activation": )" + json + "}"), {-1, 4});
  };
  EXPECT_THAT(ops(R"("relu")"), testing::ElementsAre("Relu layer/Relu"));
  EXPECT_THAT(ops(R"("softmax")"), testing::ElementsAre("Softmax layer/Softmax"));
  EXPECT_THAT(ops(R"("leaky_relu")"), testing::ElementsAre("Mul layer/LeakyRelu/mul", "Maximum layer/LeakyRelu"));
  EXPECT_THAT(ops(R"("linear")"), testing::IsEmpty());
}

// Keras 2.15.0's answers to ramp().
TEST(ActivationLayers, AreKeras) {
  EXPECT_THAT(answer(*layer_of("PReLU", R"({"name": "p", "shared_axes": [1]})"), {1, 3, 2}),
              are_near({2, 1.5, 0.5, 3, 1, -0.75}));
  EXPECT_THAT(
      answer(*layer_of("ReLU", R"({"name": "r", "max_value": 1.0, "negative_slope": 0.25, "threshold": 0.5})"), {1, 7}),
      are_near({-0.625, 1, -0.25, 1, 1, -0.375, 1}));
}

TEST(ActivationLayers, ReadBothSpellingsOfTheSlope) {
  const std::vector<double> expected{-1, 1.5, -0.25, 3, 1};
  EXPECT_THAT(answer(*layer_of("LeakyReLU", R"({"name": "l", "alpha": 0.5})"), {1, 5}), are_near(expected));
  EXPECT_THAT(answer(*layer_of("LeakyReLU", R"({"name": "l", "negative_slope": 0.5})", {3, 15}), {1, 5}),
              are_near(expected));
}

TEST(ActivationLayers, SoftmaxSumsToOneAlongItsAxes) {
  const auto rows = answer(*layer_of("Softmax", R"({"name": "s", "axis": 1})"), {1, 3, 2});
  EXPECT_NEAR(rows[0] + rows[2] + rows[4], 1, 1e-12);
  const auto all = answer(*layer_of("Softmax", R"({"name": "s", "axis": [1, 2]})"), {1, 3, 2});
  EXPECT_NEAR(all[0] + all[1] + all[2] + all[3] + all[4] + all[5], 1, 1e-12);
  EXPECT_EQ(message_of("Softmax", R"({"name": "s", "axis": 3})", {1, 3, 2}), "axis 3 is none of the input's 3");
}

}  // namespace
}  // namespace hoarfrost::keras
