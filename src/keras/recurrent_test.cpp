// Recurrent layers on layer_testing.h's ramps; the expected values are arithmetic by hand, with linear activations.
#include "keras/recurrent.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "keras/layer_testing.h"

namespace hoarfrost::keras {
namespace {

// x = [-2, 1.5]; kernel, recurrent kernel and bias are -1.
TEST(Recurrent, SimpleRnnStepsForwardAndBack) {
  const auto forward =
      layer_of("SimpleRNN", R"({"name": "r", "units": 1, "activation": "linear", "return_sequences": true})");
  EXPECT_THAT(answer(*forward, {1, 2, 1}), are_near({1, -3.5}));
  const auto back =
      layer_of("SimpleRNN",
               R"({"name": "r", "units": 1, "activation": "linear", "return_sequences": true, "go_backwards": true})");
  EXPECT_THAT(answer(*back, {1, 2, 1}), are_near({-2.5, 3.5}));
}

// x = -2; each of kernel, recurrent kernel and bias is [-1, 0.75, -0.25, 1.5]: i 1, f -0.75, candidate 0.25, o -1.5.
TEST(Recurrent, LstmGatesStandInKerasOrder) {
  const auto layer =
      layer_of("LSTM", R"({"name": "l", "units": 1, "activation": "linear", "recurrent_activation": "linear"})");
  EXPECT_THAT(answer(*layer, {1, 1, 1}), are_near({-0.375}));
}

// x = [-2, 1.5, -0.5]; h = 0, -2.1875, then z 1.6875, r -1.265625, candidate 0.125 - 0.25 · r · h - 0.25.
TEST(Recurrent, GruWithoutTheKeyResetsBefore) {
  const auto layer = layer_of(
      "GRU",
      R"({"name": "g", "units": 1, "activation": "linear", "recurrent_activation": "linear", "return_sequences": true})");
  EXPECT_EQ(layer->weights({{1, 3, 1}})[2].shape, (Shape{3}));
  EXPECT_THAT(answer(*layer, {1, 3, 1}), are_near({0, -2.1875, -3.1296234}));
}

TEST(Recurrent, BidirectionalMerges) {
  const std::string config =
      R"({"name": "b", "layer": {"class_name": "SimpleRNN", "config": {"units": 1, "activation": "linear", "return_sequences": true}}, "merge_mode": )";
  // Backwards: -2.5 at the last step, then 3.5.
  EXPECT_THAT(answer(*layer_of("Bidirectional", config + R"("concat"})"), {1, 2, 1}), are_near({1, 3.5, -3.5, -2.5}));
  EXPECT_THAT(answer(*layer_of("Bidirectional", config + R"("sum"})"), {1, 2, 1}), are_near({4.5, -6}));
  EXPECT_THAT(answer(*layer_of("Bidirectional", config + R"("ave"})"), {1, 2, 1}), are_near({2.25, -3}));
  EXPECT_THAT(answer(*layer_of("Bidirectional", config + R"("mul"})"), {1, 2, 1}), are_near({3.5, 8.75}));
}

TEST(Recurrent, StepsAreWrittenOut) {
  const auto layer = layer_of("SimpleRNN", R"({"name": "r", "units": 2})");
  const auto ops = ops_of(*layer, {-1, 2, 3});
  EXPECT_EQ(std::ranges::count_if(ops, [](const std::string& op) { return op.starts_with("MatMul"); }), 3)
      << "one of all inputs, one a step";
  EXPECT_EQ(std::ranges::count_if(ops, [](const std::string& op) { return op.starts_with("Tanh"); }), 2);
}

TEST(Recurrent, Refusals) {
  EXPECT_THAT(message_of("LSTM", R"({"name": "l", "units": 2})", {1, 3}),
              testing::HasSubstr("expected a sequence [batch, time, features]"));
  EXPECT_THAT(message_of("GRU", R"({"name": "g", "units": 0})"),
              testing::HasSubstr("`units` must be positive, found 0"));
  EXPECT_THAT(message_of("RNN", R"({"name": "r", "cell": {"class_name": "MyCell", "config": {}}})"),
              testing::HasSubstr("the cell `MyCell` is not known"));
  EXPECT_THAT(message_of("RNN", R"({"name": "r"})"), testing::HasSubstr("the configuration has no `cell`"));
  EXPECT_THAT(
      message_of("LSTM", R"({"name": "l", "units": 2, "call_arguments": {"args": [], "kwargs": {"constants": [1]}}})"),
      testing::HasSubstr("called with the argument `constants`"));
}

}  // namespace
}  // namespace hoarfrost::keras
