// The tutorials' networks never fall to plain loops: not to oneDNN's `ref` implementations, not to an op's reference.
#include <gtest/gtest.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>

#include <map>

namespace hoarfrost {
namespace {

class Plan : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const std::filesystem::path file =
        std::filesystem::path(HOARFROST_EXAMPLES) / GetParam() / "method2/k_complete_model.h5";
    keras::Lowered lowered = keras::lower(*keras::load(file));
    std::vector<std::string> outputs;
    for (const auto& output : lowered.signature.outputs) outputs.push_back(output.node->name());
    graph = std::move(lowered.graph);
    passes::freeze(graph, lowered.variables, {outputs, {}, {}});
    signature = {{graph.find(lowered.signature.inputs.at(0).node->name())->output()},
                 {graph.find(outputs.at(0))->output()}};
  }

  void expect_fast(runtime::Session& session, int64_t batch) {
    Shape shape = signature.inputs[0].node->get<Shape>("shape");
    shape[0] = batch;
    const auto steps = session.plan(std::span(&shape, 1));
    EXPECT_GE(steps.size(), 7U);  // two convolutions, two poolings, two dense layers, softmax
    for (const auto& step : steps)
      EXPECT_FALSE(step.implementation.starts_with("ref"))
          << "batch " << batch << ", " << step.name << ": " << step.implementation;
  }

  graph::Graph graph;
  graph::Signature signature;
};

TEST_P(Plan, HasNoPlainLoops) {
  for (const int64_t n_runs : {0, 1}) {
    runtime::Session session(graph, signature, {.threads = 2, .n_runs = n_runs});
    for (const int64_t batch : {1, 7, 32, 100}) expect_fast(session, batch);
  }
}

TEST_P(Plan, HasNoPlainLoopsInBFloat16) {
  if (!runtime::has_bfloat16()) GTEST_SKIP() << "this processor has no bfloat16 arithmetic";
  runtime::Session session(graph, signature, {.threads = 2, .precision = runtime::Precision::kBFloat16});
  for (const int64_t batch : {1, 32}) expect_fast(session, batch);
}

// A recurrent layer is one step, whether its steps are written out or a loop.
class RecurrentPlan : public testing::TestWithParam<std::tuple<const char*, const char*, keras::RecurrenceForm>> {};

std::map<std::string, int> implementations(const std::string& file, keras::RecurrenceForm form) {
  keras::Lowered lowered =
      keras::lower(*keras::load(std::filesystem::path(HOARFROST_GOLDEN) / "layers/keras_2.15" / file),
                   {.name_suffix = {}, .recurrence = form});
  std::vector<std::string> outputs;
  for (const auto& output : lowered.signature.outputs) outputs.push_back(output.node->name());
  passes::freeze(lowered.graph, lowered.variables, {outputs, {}, {}});
  runtime::Session session(lowered.graph, lowered.signature, {.threads = 2});
  std::vector<Shape> shapes;
  for (const auto& input : lowered.signature.inputs) {
    shapes.push_back(input.node->get<Shape>("shape"));
    shapes.back()[0] = 3;
    if (shapes.back()[1] == kUnknown) shapes.back()[1] = 7;
  }
  std::map<std::string, int> result;
  for (const auto& step : session.plan(shapes)) ++result[step.implementation];
  return result;
}

TEST_P(RecurrentPlan, IsOneStep) {
  const auto& [file, implementation, form] = GetParam();
  auto found = implementations(file, form);
  EXPECT_GE(found[implementation], 1);
  EXPECT_EQ(found["own:loop"], 0);
}

// Every cell, with functions of its own, masks and first states.
TEST(RecurrentPlans, EveryCellIsOneStep) {
  for (auto found : {implementations("rnn_wide_cells_known.h5", keras::RecurrenceForm::kUnroll),
                     implementations("rnn_wide_cells.h5", keras::RecurrenceForm::kLoop)}) {
    EXPECT_EQ(found["own:simple_rnn"], 4);
    EXPECT_EQ(found["own:lstm"], 6);
    EXPECT_EQ(found["own:gru"], 1);
    EXPECT_EQ(found["own:gru_reset_before"], 3);
    EXPECT_EQ(found["own:loop"], 0);
  }
}

using keras::RecurrenceForm;
INSTANTIATE_TEST_SUITE_P(Golden, RecurrentPlan,
                         testing::Values(std::tuple{"lstm.h5", "own:lstm", RecurrenceForm::kUnroll},
                                         std::tuple{"lstm.h5", "own:lstm", RecurrenceForm::kLoop},
                                         std::tuple{"lstm_seq.h5", "own:lstm", RecurrenceForm::kUnroll},
                                         std::tuple{"lstm_seq.h5", "own:lstm", RecurrenceForm::kLoop},
                                         std::tuple{"gru_ra.h5", "own:gru", RecurrenceForm::kUnroll},
                                         std::tuple{"gru_ra.h5", "own:gru", RecurrenceForm::kLoop},
                                         std::tuple{"recurrent_hard_gates.h5", "own:lstm", RecurrenceForm::kUnroll},
                                         std::tuple{"recurrent_hard_gates.h5", "own:lstm", RecurrenceForm::kLoop},
                                         std::tuple{"recurrent_hard_gates.h5", "own:gru", RecurrenceForm::kUnroll},
                                         std::tuple{"recurrent_hard_gates.h5", "own:gru", RecurrenceForm::kLoop},
                                         std::tuple{"gru_nra.h5", "own:gru_reset_before", RecurrenceForm::kUnroll},
                                         std::tuple{"gru_nra.h5", "own:gru_reset_before", RecurrenceForm::kLoop},
                                         std::tuple{"simplernn_seq.h5", "own:simple_rnn", RecurrenceForm::kUnroll},
                                         std::tuple{"simplernn_seq.h5", "own:simple_rnn", RecurrenceForm::kLoop},
                                         std::tuple{"emb_mask_lstm.h5", "own:lstm", RecurrenceForm::kUnroll},
                                         std::tuple{"emb_mask_lstm.h5", "own:lstm", RecurrenceForm::kLoop},
                                         std::tuple{"emb_mask_gru_seq.h5", "own:gru", RecurrenceForm::kUnroll},
                                         std::tuple{"emb_mask_gru_seq.h5", "own:gru", RecurrenceForm::kLoop},
                                         std::tuple{"bidi_lstm_concat.h5", "own:lstm", RecurrenceForm::kUnroll},
                                         std::tuple{"bidi_lstm_concat.h5", "own:lstm", RecurrenceForm::kLoop}));

INSTANTIATE_TEST_SUITE_P(Tutorials, Plan,
                         testing::Values("cifar10", "sign_language", "cifar10_keras_2.2.4",
                                         "sign_language_keras_2.2.4"),
                         [](const auto& tested) {
                           std::string name = tested.param;
                           std::erase_if(name, [](char c) { return c == '.'; });
                           return name;
                         });

}  // namespace
}  // namespace hoarfrost
