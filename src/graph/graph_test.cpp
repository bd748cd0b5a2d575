#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/graph.h>

namespace hoarfrost::graph {
namespace {

Graph small_graph() {
  Graph graph;
  Node& x = graph.add("Placeholder", "input_1");
  Node& relu = graph.add("Relu", "activation_6/Relu", {x.output()});
  graph.add("Softmax", "activation_6/Softmax", {relu.output()});
  return graph;
}

TEST(Graph, NamesAreUnique) {
  Graph graph = small_graph();
  EXPECT_THROW(graph.add("Relu", "input_1"), Error);
  EXPECT_EQ(graph.unique_name("input_1"), "input_1_1");
  EXPECT_EQ(graph.unique_name("new"), "new");
}

TEST(Graph, OrderAndCycles) {
  Graph graph;
  Node& late = graph.add("Relu", "late");
  Node& early = graph.add("Placeholder", "early");
  late.inputs.push_back(early.output());
  const auto order = topological_order(graph);
  EXPECT_THAT(order, testing::ElementsAre(&early, &late));
  early.inputs.push_back(late.output());
  EXPECT_THROW(validate(graph), Error);
}

TEST(Graph, LoopsAreNoCycles) {
  Graph graph;
  Node& enter = graph.add("Enter", "enter");
  Node& merge = graph.add("Merge", "merge", {enter.output()});
  Node& next = graph.add("NextIteration", "next", {merge.output()});
  merge.inputs.push_back(next.output());
  EXPECT_NO_THROW(validate(graph));
}

TEST(Graph, CloneIsApart) {
  Graph graph = small_graph();
  Graph copy = graph.clone();
  copy.rename(*copy.find("input_1"), "x");
  EXPECT_NE(graph.find("input_1"), nullptr);
  EXPECT_EQ(copy.find("activation_6/Relu")->inputs[0].node->name(), "x");
}

TEST(Resolve, TakesWhatAPersonMeans) {
  Graph graph = small_graph();
  EXPECT_EQ(resolve(graph, "activation_6/Softmax:0").node->name(), "activation_6/Softmax");
  EXPECT_EQ(resolve(graph, "activation_6").node->name(), "activation_6/Softmax");
  std::string note;
  EXPECT_EQ(resolve(graph, "activation_6_1/Softmax", &note).node->name(), "activation_6/Softmax");
  EXPECT_EQ(note, "the graph has no `activation_6_1/Softmax`; `activation_6/Softmax` is taken");
  EXPECT_EQ(resolve(graph, "input_1_1").node->name(), "input_1");
}

TEST(Resolve, SaysWhatThereIs) {
  Graph graph = small_graph();
  try {
    resolve(graph, "activation_6/Sofmax");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(
        error.what(),
        "activation_6/Sofmax is not in graph; nearest names: activation_6/Softmax, activation_6/Relu, input_1; "
        "the graph's outputs: activation_6/Softmax");
  }
}

}  // namespace
}  // namespace hoarfrost::graph
