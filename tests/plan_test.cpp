// The tutorials' networks never fall to plain loops: not to oneDNN's `ref` implementations, not to an op's reference.
#include <gtest/gtest.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>

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
