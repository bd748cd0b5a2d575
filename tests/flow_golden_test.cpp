// Graphs with loops and branches, as real TensorFlow wrote them (tools/make_flow_goldens.py), by the ops' references
// and by the runtime against what TensorFlow computed.
#include <gtest/gtest.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <hoarfrost/runtime.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "ops/op.h"

namespace hoarfrost {
namespace {

const std::filesystem::path kFolder = std::filesystem::path(HOARFROST_GOLDEN) / "flow";

std::vector<std::string> names(std::string_view ending) {
  std::set<std::string> result;
  for (const auto& entry : std::filesystem::directory_iterator(kFolder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(ending)) result.insert(name.substr(0, name.size() - ending.size()));
  }
  return {result.begin(), result.end()};
}

void expect_near(const Tensor& ours, const Tensor& theirs, const std::string& what) {
  SCOPED_TRACE(what);
  ASSERT_EQ(ours.dtype(), theirs.dtype());
  ASSERT_EQ(ours.shape().to_string(), theirs.shape().to_string());
  const Reader a(ours), b(theirs);
  for (int64_t i = 0; i < ours.n_elements(); ++i)
    EXPECT_NEAR(a[i], b[i], 2e-6 * (1 + std::abs(b[i]))) << "element " << i;
}

// By the name of a file of answers: "cond.1" are the second ones of "cond".
class FlowGolden : public testing::TestWithParam<std::string> {};

TEST_P(FlowGolden, IsAsInTensorFlow) {
  const std::string name = GetParam().substr(0, GetParam().find('.'));
  const graph::Graph graph = tensorflow::read_graph(kFolder / (name + ".pb"));
  const data::NamedTensors arrays = data::read_npz(kFolder / (GetParam() + ".npz"));
  graph::Signature signature;
  std::vector<Tensor> inputs, answers;
  std::map<graph::Endpoint, Tensor> feeds;
  for (size_t i = 0; const Tensor* x = data::find(arrays, "in" + std::to_string(i)); ++i) {
    signature.inputs.push_back(graph.find("in" + std::to_string(i))->output());
    inputs.push_back(*x);
    feeds[signature.inputs.back()] = *x;
  }
  for (size_t i = 0; const Tensor* y = data::find(arrays, "out" + std::to_string(i)); ++i) {
    signature.outputs.push_back(graph.find("out" + std::to_string(i))->output());
    answers.push_back(*y);
  }
  ASSERT_FALSE(answers.empty());
  EXPECT_NO_THROW((void)ops::infer(graph));
  const std::vector<Tensor> evaluated = ops::evaluate(graph, feeds, signature.outputs);
  for (size_t i = 0; i < answers.size(); ++i) expect_near(evaluated[i], answers[i], "the operations' references");
  for (const bool fuse : {false, true}) {
    runtime::Session session(graph, signature, {.threads = 1, .fuse = fuse});
    for (int run = 0; run < 2; ++run) {  // nothing stays behind
      const std::vector<Tensor> outputs = session.run(inputs);
      for (size_t i = 0; i < answers.size(); ++i) expect_near(outputs[i], answers[i], fuse ? "fused" : "unfused");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(TensorFlow, FlowGolden, testing::ValuesIn(names(".npz")), [](const auto& tested) {
  std::string name = tested.param;
  std::ranges::replace(name, '.', '_');
  return name;
});

// An op of loops and branches means something in its place in a graph alone.
TEST(FlowGoldens, HaveEveryOpOfControlFlow) {
  std::set<std::string> seen;
  for (const std::string& name : names(".pb")) {
    const graph::Graph graph = tensorflow::read_graph(kFolder / (name + ".pb"));
    for (const auto& node : graph.nodes()) seen.insert(node->op());
  }
  for (const char* op :
       {"Enter", "Exit", "NextIteration", "LoopCond", "Switch", "Merge", "TensorArrayV3", "TensorArrayWriteV3",
        "TensorArrayReadV3", "TensorArrayScatterV3", "TensorArrayGatherV3", "TensorArraySizeV3"}) {
    EXPECT_TRUE(seen.contains(op)) << op;
  }
}

}  // namespace
}  // namespace hoarfrost
