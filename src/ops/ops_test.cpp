#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <set>

#include "ops/op.h"

namespace hoarfrost::ops {
namespace {

using graph::Graph;
using graph::Node;

// What an Error says, or "" when f throws none.
template <typename F>
std::string error_of(F f) {
  try {
    f();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

Node& placeholder(Graph& graph, std::string name, Shape shape, DType dtype = DType::kFloat32) {
  return graph.add("Placeholder", std::move(name)).set("dtype", dtype).set("shape", std::move(shape));
}

TEST(Registry, NamesAreKnownOnce) {
  std::set<std::string_view> names;
  for (const OpSpec* spec : all_ops()) {
    EXPECT_TRUE(names.insert(spec->name).second) << spec->name;
    EXPECT_EQ(find_op(spec->name), spec);
  }
  EXPECT_EQ(find_op("Conv"), nullptr);
}

TEST(Infer, ReshapesByShapesThatAreHalfKnown) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 4, 4, 8});
  Node& shape = graph.add("Shape", "shape", {x.output()});
  Node& zero = graph.add_const("zero", Tensor::vector<int32_t>({0}));
  Node& one = graph.add_const("one", Tensor::vector<int32_t>({1}));
  Node& batch = graph.add("StridedSlice", "batch", {shape.output(), zero.output(), one.output(), one.output()});
  batch.set("shrink_axis_mask", 1);
  Node& n = graph.add_const("n", Tensor::scalar<int32_t>(128));
  Node& pack = graph.add("Pack", "pack", {batch.output(), n.output()});
  Node& flat = graph.add("Reshape", "flat", {x.output(), pack.output()});
  EXPECT_EQ(infer(graph).at(flat.output()).shape, Shape({kUnknown, 128}));
  EXPECT_EQ(infer(graph, {{x.output(), {2, 4, 4, 8}}}).at(flat.output()).shape, Shape({2, 128}));
  const graph::Endpoint fetches[] = {flat.output(), shape.output()};
  const auto values = evaluate(graph, {{x.output(), Tensor(DType::kFloat32, {3, 4, 4, 8})}}, fetches);
  EXPECT_EQ(values[0].shape(), Shape({3, 128}));
  EXPECT_THAT(values[1].values<int32_t>(), testing::ElementsAre(3, 4, 4, 8));
}

TEST(Infer, FoldsSmallConstants) {
  Graph graph;
  Node& a = graph.add_const("a", Tensor::vector<int32_t>({2, 3}));
  Node& sum = graph.add("Add", "sum", {a.output(), a.output()});
  EXPECT_THAT(infer(graph).at(sum.output()).value.values<int32_t>(), testing::ElementsAre(4, 6));
}

TEST(Evaluate, RunsWhatTheFetchesNeed) {
  Graph graph;
  Node& x = placeholder(graph, "x", {2});
  Node& unused = graph.add("VariableV2", "weights");
  graph.add("Add", "never", {x.output(), unused.output()});
  Node& y = graph.add("Neg", "y", {x.output()});
  const graph::Endpoint fetches[] = {y.output(), y.output(), x.output()};
  const auto values = evaluate(graph, {{x.output(), Tensor::of<float>({2}, {1, -2})}}, fetches);
  EXPECT_THAT(values[0].values<float>(), testing::ElementsAre(-1, 2));
  EXPECT_THAT(values[1].values<float>(), testing::ElementsAre(-1, 2));
  EXPECT_THAT(values[2].values<float>(), testing::ElementsAre(1, -2));
}

TEST(Errors, NameTheNode) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 3});
  Node& w = graph.add_const("w", Tensor(DType::kFloat32, {4, 5}));
  Node& dense = graph.add("MatMul", "dense/MatMul", {x.output(), w.output()});
  EXPECT_EQ(
      error_of([&] { infer(graph); }),
      "node `dense/MatMul`: MatMul: expected as many columns as rows, found [?, 3] and [4, 5] (transpose_a=false, "
      "transpose_b=false)");
  dense.inputs.pop_back();
  EXPECT_EQ(error_of([&] { infer(graph); }), "node `dense/MatMul`: MatMul: expected 2 inputs, found 1");
  dense.set_op("Frobnicate");
  EXPECT_EQ(error_of([&] { infer(graph); }), "node `dense/MatMul`: Frobnicate: this op is not known");
  dense.set_op("ReadVariableOp");
  EXPECT_EQ(error_of([&] { infer(graph); }),
            "node `dense/MatMul`: ReadVariableOp: a variable has no value in a graph; freeze the graph first");
}

TEST(Errors, AnInputThatIsNotFed) {
  Graph graph;
  Node& y = graph.add("Neg", "y", {placeholder(graph, "x", {2}).output()});
  const graph::Endpoint fetches[] = {y.output()};
  EXPECT_EQ(error_of([&] { evaluate(graph, {}, fetches); }),
            "node `x`: Placeholder: it is an input, and no value was given for it");
}

TEST(Errors, OutputsTooLargeAreNotAllocated) {
  Graph graph;
  Node& x = graph.add_const("x", Tensor(DType::kFloat32, {1}));
  Node& multiples = graph.add_const("multiples", Tensor::vector<int64_t>({int64_t{1} << 50}));
  const graph::Endpoint fetches[] = {graph.add("Tile", "tile", {x.output(), multiples.output()}).output()};
  EXPECT_EQ(error_of([&] { evaluate(graph, {}, fetches); }),
            "node `tile`: Tile: an output of shape [1125899906842624] is too large");
}

}  // namespace
}  // namespace hoarfrost::ops
