// Recurrent layers become one operation each (docs/architecture.md), however their steps stand in the graph, and for
// batches of some rows with the input's product in it: what comes out is what TensorFlow's ops give node by node.
#include <gtest/gtest.h>
#include <hoarfrost/layers.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <array>
#include <random>

#include "ops/op.h"
#include "runtime/kernels/recurrent_rows.h"
#include "training/initialize.h"

namespace hoarfrost {
namespace {

using namespace keras::layers;
using keras::models::Sequential;

struct Case {
  const char* name;
  Layer (*layer)();
  bool is_masked = false;
  bool takes_input = true;  // into its steps, of batches of 8 rows and more
};

Tensor random_tensor(const Shape& shape, std::mt19937& generator) {
  Tensor result(DType::kFloat32, shape);
  std::uniform_real_distribution<float> distribution(-0.5F, 0.5F);
  for (float& value : result.mutable_values<float>()) value = distribution(generator);
  return result;
}

constexpr int64_t kSteps = 5;
constexpr int64_t kFeatures = 7;

keras::Lowered frozen(const Case& tested, keras::RecurrenceForm form, std::mt19937& generator) {
  keras::clear_session();
  std::vector<Layer> layers{Input({kSteps, kFeatures})};
  if (tested.is_masked) layers.push_back(Masking(0.0));
  layers.push_back(tested.layer());
  const auto model = training::initialized(*Sequential(layers).built(), 1);
  keras::Lowered lowered = keras::lower(*model, {.name_suffix = {}, .recurrence = form});
  for (auto& [name, value] : lowered.variables) value = random_tensor(value.shape(), generator);
  std::vector<std::string> outputs;
  for (const auto& output : lowered.signature.outputs) outputs.push_back(output.node->name());
  passes::freeze(lowered.graph, lowered.variables, {.outputs = outputs, .allowlist = {}, .denylist = {}});
  return lowered;
}

// Every other row of a masked one ends early, and one row is masked in all its steps.
Tensor input_of(int64_t n_batch, bool is_masked, std::mt19937& generator) {
  Tensor x = random_tensor({n_batch, kSteps, kFeatures}, generator);
  const auto values = x.mutable_values<float>();
  for (int64_t row = 0; is_masked && row < n_batch; ++row) {
    const int64_t first = row == 3 ? 0 : row % 2 == 0 ? kSteps : 2;
    std::fill(values.begin() + (row * kSteps + first) * kFeatures, values.begin() + (row + 1) * kSteps * kFeatures,
              0.0F);
  }
  return x;
}

class Recurrence : public testing::TestWithParam<std::tuple<Case, keras::RecurrenceForm, int64_t>> {};

TEST_P(Recurrence, IsOneOperation) {
  const auto& [tested, form, n_batch] = GetParam();
  std::mt19937 generator(1);
  const keras::Lowered lowered = frozen(tested, form, generator);
  const Tensor x = input_of(n_batch, tested.is_masked, generator);
  const auto expected = ops::evaluate(lowered.graph, {{lowered.signature.inputs[0], x}}, lowered.signature.outputs);
  runtime::Session session(lowered.graph, lowered.signature, {.threads = 2});
  const auto found = session.run(std::array{x});
  ASSERT_EQ(found.size(), expected.size());
  for (size_t i = 0; i < found.size(); ++i) {
    ASSERT_EQ(found[i].shape(), expected[i].shape());
    const Reader a(found[i]), b(expected[i]);
    for (int64_t j = 0; j < found[i].n_elements(); ++j) ASSERT_NEAR(a[j], b[j], 2e-6) << "element " << j;
  }
  const Shape shapes[] = {x.shape()};
  int n_recurrent = 0;
  int n_products = 0;
  for (const runtime::Step& step : session.plan(shapes)) {
    const auto is = [&](const char* start) { return step.implementation.starts_with(start); };
    const bool is_recurrent = is("own:simple_rnn") || is("own:lstm") || is("own:gru");
    n_recurrent += is_recurrent ? 1 : 0;
    n_products += !is_recurrent && step.name.find("MatMul") != std::string::npos ? 1 : 0;
  }
  EXPECT_GE(n_recurrent, 1);
  const bool takes_input = tested.takes_input && n_batch >= 8 && runtime::has_fast_products();
  EXPECT_EQ(n_products == 0, takes_input);
}

const Case kCases[] = {
    {"SimpleRNN", [] { return SimpleRNN(19, {.return_sequences = true}); }},
    {"SimpleRNNOfRelu", [] { return SimpleRNN(16, {.activation = "relu", .use_bias = false}); }},
    {"LSTM", [] { return LSTM(33, {.return_sequences = true}); }},
    {"LSTMsLast", [] { return LSTM(5); }},
    {"LSTMBackwards", [] { return LSTM(8, {.return_sequences = true, .go_backwards = true}); }},
    {"LSTMOfHardSigmoid", [] { return LSTM(17, {.recurrent_activation = "hard_sigmoid", .use_bias = false}); }},
    {"LSTMOfRelu", [] { return LSTM(4, {.activation = "relu", .return_sequences = true}); }},
    {"BothDirections", [] { return Bidirectional(LSTM(6, {.return_sequences = true})); }},
    {"MaskedSimpleRNN", [] { return SimpleRNN(3, {.return_sequences = true}); }, true},
    {"MaskedLSTM", [] { return LSTM(20, {.return_sequences = true}); }, true},
    {"MaskedBothDirections", [] { return Bidirectional(LSTM(6)); }, true},
    {"GRU", [] { return GRU(18, {.return_sequences = true}); }, false, false},
    {"GRUThatResetsBefore", [] { return GRU(18, {.reset_after = false}); }, false, false},
    {"MaskedGRU", [] { return GRU(7, {.return_sequences = true}); }, true, false},
};

std::string name_of(const testing::TestParamInfo<Recurrence::ParamType>& tested) {
  const auto& [layer, form, n_batch] = tested.param;
  return std::string(layer.name) + (form == keras::RecurrenceForm::kLoop ? "AsLoopOf" : "Of") + std::to_string(n_batch);
}

INSTANTIATE_TEST_SUITE_P(Layers, Recurrence,
                         testing::Combine(testing::ValuesIn(kCases),
                                          testing::Values(keras::RecurrenceForm::kUnroll, keras::RecurrenceForm::kLoop),
                                          testing::Values(1, 9, 19)),
                         name_of);

}  // namespace
}  // namespace hoarfrost
