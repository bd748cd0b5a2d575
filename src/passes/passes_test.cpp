#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/passes.h>

#include <functional>

#include "message_of.h"
#include "passes/restore_slice.h"

namespace hoarfrost::passes {
namespace {

using graph::Graph;
using graph::Node;
using testing_support::message_of;

std::vector<std::string> names(const Graph& graph) {
  std::vector<std::string> result;
  for (const auto& node : graph.nodes()) result.push_back(node->name());
  return result;
}

// w = variable; out = Relu(w/read) after a control edge from `log`; Assign sets w.
Graph small_graph() {
  Graph graph;
  Node& w = graph.add("VariableV2", "w").set("dtype", DType::kFloat32).set("shape", Shape{2});
  w.device = "/gpu:0";
  Node& value = graph.add_const("value", Tensor::of<float>({2}, {3, 4}));
  graph.add("Assign", "w/Assign", {w.output(), value.output()}).set("T", DType::kFloat32);
  Node& read = graph.add("Identity", "w/read", {w.output()}).set("T", DType::kFloat32);
  Node& log = graph.add("NoOp", "log");
  Node& out = graph.add("Relu", "out", {read.output()}).set("T", DType::kFloat32);
  out.control_inputs.push_back(&log);
  graph.add("NoOp", "unused");
  return graph;
}

TEST(ExtractSubGraph, FollowsControlInputsAndKeepsTheOrder) {
  Graph graph = small_graph();
  extract_sub_graph(graph, {"out"});
  EXPECT_THAT(names(graph), testing::ElementsAre("w", "w/read", "log", "out"));
}

TEST(ExtractSubGraph, FollowsColocation) {
  Graph graph = small_graph();
  graph.find("out")->set("_class", std::vector<std::string>{"loc:@unused", "loc:@gone"});
  extract_sub_graph(graph, {"out"});
  EXPECT_NE(graph.find("unused"), nullptr);
}

TEST(ClearDevices, All) {
  Graph graph = small_graph();
  clear_devices(graph);
  EXPECT_EQ(graph.find("w")->device, "");
}

TEST(Freeze, ConstantsTakeTheVariablesName) {
  Graph graph = small_graph();
  EXPECT_EQ(
      freeze(graph, {{"w", Tensor::of<float>({2}, {1, 2})}, {"unknown", Tensor::scalar(1.0F)}}, {{"out"}, {}, {}}), 1);
  EXPECT_EQ(graph.find("w")->op(), "Const");
  EXPECT_EQ(graph.find("w")->value().values<float>()[1], 2);
  EXPECT_EQ(graph.find("w/read")->op(), "Identity");
}

TEST(Freeze, DenylistLeavesVariables) {
  Graph graph = small_graph();
  EXPECT_EQ(freeze(graph, {}, {{"out"}, {}, {"w"}}), 0);
  EXPECT_EQ(graph.find("w")->op(), "VariableV2");
}

TEST(Freeze, AWriterIsNoInference) {
  Graph graph = small_graph();
  EXPECT_EQ(message_of([&] {
              freeze(graph, {{"w", Tensor::of<float>({2}, {1, 2})}}, {{"w/Assign"}, {}, {}});
            }),
            "node `w/Assign`: Assign takes a variable, which a frozen graph has not; name outputs that do not need it, "
            "or put the "
            "variable on the denylist");
}

TEST(Freeze, TypesMustAgree) {
  Graph graph = small_graph();
  EXPECT_EQ(message_of([&] {
              freeze(graph, {{"w", Tensor::of<double>({2}, {1, 2})}}, {{"out"}, {}, {}});
            }),
            "node `w`: the variable is float32, its value float64");
}

TEST(RemoveTrainingNodes, SparesControlEdgesAndProtectedNodes) {
  Graph graph;
  Node& x = graph.add("Placeholder", "x");
  Node& check = graph.add("CheckNumerics", "check", {x.output()});
  Node& first = graph.add("Identity", "first", {check.output()});
  Node& second = graph.add("Identity", "second", {first.output()});
  Node& held = graph.add("Identity", "held", {second.output()});
  Node& out = graph.add("Identity", "out", {second.output()});
  graph.add("NoOp", "group").control_inputs.push_back(&held);
  EXPECT_EQ(remove_training_nodes(graph, {"out"}), 3);
  EXPECT_THAT(names(graph), testing::ElementsAre("x", "held", "out", "group"));
  EXPECT_EQ(out.inputs[0].node, &x);
  EXPECT_EQ(held.inputs[0].node, &x);
}

TEST(Rename, ChecksNames) {
  Graph graph = small_graph();
  rename(graph, "out=probabilities/Softmax");
  EXPECT_NE(graph.find("probabilities/Softmax"), nullptr);
  EXPECT_EQ(message_of([&] { rename(graph, "log"); }), "expected OLD=NEW, found `log`");
  EXPECT_EQ(message_of([&] { rename(graph, "log=a b"); }),
            "`a b` cannot be a node's name: a letter, digit or dot, then also _ - / \\ >");
  EXPECT_EQ(message_of([&] { rename(graph, "log=w"); }),
            "node `log`: cannot be renamed `w`: another node has that name");
}

TEST(RunInitializers, ComputesWhatItAssigns) {
  Graph graph = small_graph();
  Node& w = *graph.find("w");
  Node& twice = graph.add("Add", "twice", {graph.find("w/read")->output(), graph.find("w/read")->output()})
                    .set("T", DType::kFloat32);
  Node& assign = graph.add("Assign", "set", {w.output(), twice.output()}).set("T", DType::kFloat32);
  Node& increase =
      graph.add("AssignAdd", "increase", {w.output(), graph.find("value")->output()}).set("T", DType::kFloat32);
  increase.control_inputs.push_back(&assign);
  graph.add("NoOp", "group").control_inputs.push_back(&increase);
  graph::Variables variables{{"w", Tensor::of<float>({2}, {1, 2})}};
  run_initializers(graph, variables, {"group"});
  EXPECT_THAT(variables.at("w").values<float>(), testing::ElementsAre(5, 8));
  run_initializers(graph, variables, {"w/Assign"});
  EXPECT_THAT(variables.at("w").values<float>(), testing::ElementsAre(3, 4));
}

TEST(RestoreSlice, CutsBlocks) {
  const Tensor whole = Tensor::of<int32_t>({2, 3, 2}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_THAT(restore_slice(whole, "2 3 2 1,1:0,2:-").values<int32_t>(), testing::ElementsAre(6, 7, 8, 9));
  EXPECT_THAT(restore_slice(whole, "2 3 2 -:1,1:1,1").values<int32_t>(), testing::ElementsAre(3, 9));
  EXPECT_THROW(restore_slice(whole, "2 3 2 1,2:-:-"), Error);
  EXPECT_THROW(restore_slice(whole, "2 3 1 -:-:-"), Error);
  EXPECT_THROW(restore_slice(whole, "nonsense"), Error);
}

}  // namespace
}  // namespace hoarfrost::passes
