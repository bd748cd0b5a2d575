// Graphs with functions, frozen and run, against what TensorFlow 2.15 computes with the same checkpoint.
#include <gtest/gtest.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>
#include <hoarfrost/tensorflow.h>

#include <algorithm>
#include <cmath>

namespace hoarfrost {
namespace {

const std::filesystem::path kGolden = std::filesystem::path(HOARFROST_GOLDEN) / "tensorflow";

struct Case {
  std::string folder;
  std::string output = "out";
};

struct Source {
  graph::Graph graph;
  graph::Variables variables;
};

Source read(const std::filesystem::path& folder) {
  if (std::filesystem::exists(folder / "sm")) {
    auto saved = tensorflow::read_saved_model(folder / "sm");
    auto variables = tensorflow::read_variables(saved);
    return {std::move(saved.meta_graph.graph), std::move(variables)};
  }
  auto meta = tensorflow::read_meta_graph(folder / "model.ckpt.meta");
  auto variables = tensorflow::read_checkpoint(tensorflow::checkpoint_prefix(folder / "model.ckpt"));
  passes::run_initializers(meta.graph, variables, {meta.restore_op_name});
  return {std::move(meta.graph), std::move(variables)};
}

std::vector<Tensor> run(const graph::Graph& graph, const std::string& output, const data::NamedTensors& arrays) {
  graph::Signature signature;
  std::vector<Tensor> inputs;
  for (const auto& node : graph.nodes()) {
    if (node->op() == "Placeholder") signature.inputs.push_back(node->output());
  }
  for (size_t i = 0; i < signature.inputs.size(); ++i) inputs.push_back(*data::find(arrays, "in" + std::to_string(i)));
  signature.outputs.push_back(graph.find(output)->output());
  return runtime::Session(graph, signature, {.threads = 1}).run(inputs);
}

class FunctionsGolden : public testing::TestWithParam<Case> {};

TEST_P(FunctionsGolden, FrozenComputesAsTensorFlow) {
  const auto folder = kGolden / GetParam().folder;
  auto [graph, variables] = read(folder);
  passes::FreezeOptions options;
  options.outputs = {GetParam().output};
  options.freeze_functions = tensorflow::freeze_functions;
  EXPECT_GT(passes::freeze(graph, variables, options), 0);
  tensorflow::inline_functions(graph);
  graph::validate(graph);
  EXPECT_EQ(graph.library, "");
  const auto arrays = data::read_npz(folder / "io.npz");
  const Tensor* expected = data::find(arrays, "out0");
  ASSERT_NE(expected, nullptr);
  const Tensor found = run(graph, GetParam().output, arrays).at(0);
  ASSERT_EQ(found.shape().to_string(), expected->shape().to_string());
  const auto a = found.values<float>();
  const auto b = expected->values<float>();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_NEAR(a[i], b[i], 2e-6 * (1 + std::abs(b[i]))) << "element " << i;
}

INSTANTIATE_TEST_SUITE_P(TensorFlow, FunctionsGolden,
                         testing::Values(Case{"functions/while_v2"}, Case{"functions/nested"},
                                         Case{"functions/renamed"}, Case{"functions/v1_format"},
                                         Case{"functions/v1_sharded"}, Case{"functions/partitioned"},
                                         Case{"functions/partitioned_v1"}, Case{"graphs/cond_v2_function"},
                                         Case{"graphs/function_library"},
                                         Case{"graphs/tf2_saved_model", "StatefulPartitionedCall"}),
                         [](const auto& tested) {
                           std::string name = tested.param.folder;
                           std::ranges::replace(name, '/', '_');
                           return name;
                         });

// TensorFlow's own frozen graphs: the nodes and their ops; its functions' numbers count what its process made before.
TEST(FreezeFunctions, NodesAreTensorFlows) {
  for (const char* name : {"cond_v2_function", "function_library"}) {
    auto [graph, variables] = read(kGolden / "graphs" / name);
    passes::FreezeOptions options;
    options.outputs = {"out"};
    options.freeze_functions = tensorflow::freeze_functions;
    passes::freeze(graph, variables, options);
    const auto theirs = tensorflow::read_graph(kGolden / "graphs" / name / "frozen.pb");
    ASSERT_EQ(graph.size(), theirs.size());
    for (const auto& node : theirs.nodes()) {
      ASSERT_NE(graph.find(node->name()), nullptr) << node->name();
      EXPECT_EQ(graph.find(node->name())->op(), node->op());
    }
    EXPECT_NE(graph.library.find("_frozen_"), std::string::npos);
  }
}

TEST(FreezeFunctions, WithoutThemAGraphIsRefused) {
  auto [graph, variables] = read(kGolden / "graphs/cond_v2_function");
  EXPECT_THROW(passes::freeze(graph, variables, {{"out"}, {}, {}}), Error);
}

TEST(InlineFunctions, AMissingFunctionIsNamed) {
  graph::Graph graph;
  graph::Node& x = graph.add("Placeholder", "x");
  x.set("dtype", DType::kFloat32);
  graph.add("PartitionedCall", "call", {x.output()}).set("f", graph::FunctionName{"nowhere", ""});
  try {
    tensorflow::inline_functions(graph);
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "node `call`: the function `nowhere` is not in the graph's library");
  }
}

}  // namespace
}  // namespace hoarfrost
