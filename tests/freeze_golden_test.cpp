// freeze against what TensorFlow 2.15's freeze_graph wrote for the same graph, checkpoint and flags.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/tensorflow.h>

#include "graph_equality.h"
#include "message_of.h"

namespace hoarfrost {
namespace {

using testing_support::difference;
using testing_support::message_of;

const std::filesystem::path kGolden = std::filesystem::path(HOARFROST_GOLDEN) / "tensorflow";

struct Case {
  std::string name;
  std::string graph;  // a GraphDef, a .meta, or a SavedModel's folder
  std::vector<std::string> allowlist = {};
  std::vector<std::string> denylist = {};
  bool keeps_devices = false;
};

struct Source {
  graph::Graph graph;
  graph::Variables variables;
};

Source read(const Case& c) {
  const auto folder = kGolden / "graphs" / c.name;
  if (c.graph == "sm") {
    auto saved = tensorflow::read_saved_model(folder / "sm");
    return {std::move(saved.meta_graph.graph), tensorflow::read_checkpoint(saved.variables_prefix)};
  }
  auto variables = tensorflow::read_checkpoint(tensorflow::checkpoint_prefix(folder));
  if (c.graph.ends_with(".meta"))
    return {std::move(tensorflow::read_meta_graph(folder / c.graph).graph), std::move(variables)};
  return {tensorflow::read_graph(folder / c.graph), std::move(variables)};
}

class FreezeGolden : public testing::TestWithParam<Case> {};

TEST_P(FreezeGolden, IsTensorFlows) {
  const Case& c = GetParam();
  auto [graph, variables] = read(c);
  if (!c.keeps_devices) passes::clear_devices(graph);
  EXPECT_GT(passes::freeze(graph, variables, {{"out"}, c.allowlist, c.denylist}), 0);
  graph::validate(graph);
  EXPECT_EQ(difference(graph, tensorflow::read_graph(kGolden / "graphs" / c.name / "frozen.pb")), "");
}

INSTANTIATE_TEST_SUITE_P(
    Graphs, FreezeGolden,
    testing::Values(Case{"ref_vars", "graph.pb"}, Case{"allowlist", "graph.pb", {"l0/w", "l0/b"}},
                    Case{"denylist", "model.ckpt.meta", {}, {"l1/b"}}, Case{"control_devices", "graph.pb"},
                    Case{"control_devices_keep", "graph.pb", {}, {}, true}, Case{"fused_bn", "graph.pb"},
                    Case{"train_graph_pruned", "graph.pb"}, Case{"metagraph", "model.ckpt.meta"},
                    Case{"resource_vars_text", "model.ckpt.meta"}, Case{"resource_gather", "model.ckpt.meta"},
                    Case{"input_saver_resource", "graph.pb"}, Case{"saved_model_v1", "sm"},
                    Case{"cond_v1_ref", "graph.pb"}, Case{"while_v1_ref", "graph.pb"}),
    [](const auto& p) { return p.param.name + std::to_string(p.index); });

TEST(FreezeGolden, Cifar) {
  auto graph = tensorflow::read_graph(kGolden / "cifar/infer_graph.pb");
  const auto variables = tensorflow::read_checkpoint(kGolden / "cifar/tfchkpt.ckpt");
  passes::clear_devices(graph);
  EXPECT_EQ(passes::freeze(graph, variables, {{"dense_1/Softmax"}, {}, {}}), 16);
  EXPECT_EQ(difference(graph, tensorflow::read_graph(kGolden / "cifar/frozen.pb")), "");
  graph.producer = 0;  // TensorFlow's function forgets it
  EXPECT_EQ(passes::remove_training_nodes(graph, {"dense_1/Softmax"}), 17);
  EXPECT_EQ(difference(graph, tensorflow::read_graph(kGolden / "cifar/frozen_removed_training_nodes.pb")), "");
}

TEST(Freeze, MissingOutput) {
  auto [graph, variables] = read({"err_missing_output", "graph.pb"});
  EXPECT_EQ(message_of([&] {
              passes::freeze(graph, variables, {{"nope"}, {}, {}});
            }).substr(0, 40),
            "nope is not in graph; nearest names: out");
}

TEST(Freeze, MissingVariable) {
  auto [graph, variables] = read({"ref_vars", "graph.pb"});
  variables.erase("l0/w");
  EXPECT_EQ(message_of([&] {
              passes::freeze(graph, variables, {{"out"}, {}, {}});
            }),
            "node `l0/w`: no value for this variable: is this the graph's checkpoint? nearest of its 3 names: l0/b, "
            "l1/w, l1/b");
}

TEST(Freeze, WrongShape) {
  auto [graph, variables] = read({"ref_vars", "graph.pb"});
  variables["l0/w"] = Tensor(DType::kFloat32, {2, 2});
  EXPECT_EQ(message_of([&] {
              passes::freeze(graph, variables, {{"out"}, {}, {}});
            }),
            "node `l0/w`: the variable has shape [4, 5], its value [2, 2]");
}

TEST(RunInitializers, AssignsAfterRestoring) {
  auto [graph, variables] = read({"initializer_nodes", "graph.pb"});
  passes::run_initializers(graph, variables, {"set_b"});
  passes::clear_devices(graph);
  EXPECT_EQ(passes::freeze(graph, variables, {{"out"}, {}, {}}), 2);
  EXPECT_EQ(difference(graph, tensorflow::read_graph(kGolden / "graphs/initializer_nodes/frozen.pb")), "");
}

TEST(RunInitializers, RestoresPartitionedVariables) {
  const auto meta = tensorflow::read_meta_graph(kGolden / "ckpt/partitioned.ckpt.meta");
  auto variables = tensorflow::read_checkpoint(kGolden / "ckpt/partitioned.ckpt");
  passes::run_initializers(meta.graph, variables, {meta.restore_op_name});
  EXPECT_EQ(variables.at("p/w/part_1").shape()[1], 5);
  const Tensor whole = variables.at("p/w");
  const Tensor first = variables.at("p/w/part_0");
  EXPECT_EQ(std::memcmp(whole.bytes().data(), first.bytes().data(), first.n_bytes()), 0);
}

}  // namespace
}  // namespace hoarfrost
