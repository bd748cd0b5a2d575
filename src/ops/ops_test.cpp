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

TEST(Infer, ScalesShapesThatAreHalfKnown) {
  Graph graph;
  Node& x = placeholder(graph, "x", {kUnknown, 4, 5, 8});
  Node& shape = graph.add("Shape", "shape", {x.output()});
  Node& one = graph.add_const("one", Tensor::vector<int32_t>({1}));
  Node& three = graph.add_const("three", Tensor::vector<int32_t>({3}));
  Node& space = graph.add("StridedSlice", "space", {shape.output(), one.output(), three.output(), one.output()});
  Node& two = graph.add_const("two", Tensor::vector<int32_t>({2, 2}));
  Node& size = graph.add("Mul", "size", {space.output(), two.output()});
  Node& wider = graph.add("ResizeNearestNeighbor", "wider", {x.output(), size.output()});
  EXPECT_EQ(infer(graph).at(wider.output()).shape, Shape({kUnknown, 8, 10, 8}));
}

TEST(Infer, ADefaultIsNoConstant) {
  Graph graph;
  Node& phase = graph.add_const("false", Tensor::scalar<int32_t>(0));
  Node& fed = graph.add("PlaceholderWithDefault", "keras_learning_phase", {phase.output()}).set("shape", Shape());
  EXPECT_TRUE(infer(graph).at(fed.output()).value.empty());
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

struct Refusal {
  std::string op;
  std::map<std::string, graph::Attribute> attributes;
  std::vector<Tensor> inputs;
  std::string message;  // after "node `n`: "
};
using Ints = std::vector<int64_t>;

std::vector<Refusal> refusals() {
  const Tensor image(DType::kFloat32, {1, 4, 4, 2});
  const Tensor filter(DType::kFloat32, {3, 3, 2, 1});
  const Tensor wide_filter(DType::kFloat32, {3, 3, 5, 1});
  const auto ints = [](std::vector<int32_t> values) { return Tensor::vector<int32_t>(values); };
  const auto same = graph::Attribute(std::string("SAME"));
  const auto valid = graph::Attribute(std::string("VALID"));
  return {
      {"Conv2D",
       {{"strides", Ints{1, 0, 1, 1}}, {"padding", same}},
       {image, filter},
       "Conv2D: expected strides of 1 or more, found 0"},
      {"Conv2D", {{"strides", Ints{1, 1}}, {"padding", same}}, {image, filter}, "Conv2D: expected 4 strides, found 2"},
      {"Conv2D",
       {{"strides", Ints{2, 1, 1, 1}}, {"padding", same}},
       {image, filter},
       "Conv2D: strides over batch or channels are not supported"},
      {"Conv2D", {}, {image, filter}, "Conv2D has no attribute `padding`"},
      {"Conv2D",
       {{"padding", std::string("FULL")}},
       {image, filter},
       "Conv2D: expected padding SAME, VALID or EXPLICIT, found FULL"},
      {"Conv2D",
       {{"padding", std::string("EXPLICIT")}},
       {image, filter},
       "Conv2D: expected 8 explicit_paddings, found 0"},
      {"Conv2D",
       {{"padding", same}, {"data_format", std::string("NCHW_VECT_C")}},
       {image, filter},
       "Conv2D: expected data_format NHWC or its channels-first form, found NCHW_VECT_C"},
      {"Conv2D",
       {{"padding", same}},
       {image, wide_filter},
       "Conv2D: expected an input of 5 channels for the filter [3, 3, 5, 1], found [1, 4, 4, 2]"},
      {"Conv2D",
       {{"padding", valid}, {"dilations", Ints{1, 2, 2, 1}}},
       {image, filter},
       "Conv2D: expected space of at least the window's 5, found 4"},
      {"Conv2D",
       {{"padding", same}},
       {Tensor(DType::kFloat32, {4, 4}), filter},
       "Conv2D: expected input 0 to have 4 axes, found shape [4, 4]"},
      {"Conv2D",
       {{"padding", same}},
       {image, filter.cast(DType::kFloat64)},
       "Conv2D: expected inputs of one type, found float32 and float64"},
      {"MaxPool", {{"padding", same}}, {image}, "MaxPool: it has no ksize"},
      {"MaxPool",
       {{"padding", same}, {"ksize", Ints{1, 2, 2, 2}}},
       {image},
       "MaxPool: ksize over batch or channels are not supported"},
      {"AvgPool",
       {{"padding", std::string("EXPLICIT")}},
       {image},
       "AvgPool: expected padding SAME or VALID, found EXPLICIT"},
      {"FusedBatchNorm",
       {{"exponential_avg_factor", 0.5F}},
       {image, image, image, image, image},
       "FusedBatchNorm: exponential_avg_factor is not 1"},
      {"Reshape",
       {},
       {image, ints({5, -1})},
       "Reshape: expected a shape of 32 elements for the input [1, 4, 4, 2], found [5, ?]"},
      {"Reshape", {}, {image, ints({-1, -1})}, "Reshape: expected one size of -1, found 2"},
      {"Reshape",
       {},
       {image, Tensor::vector<int64_t>({int64_t{1} << 40, int64_t{1} << 40})},
       "Reshape: a size 1099511627776 × 1099511627776 does not fit in 63 bits"},
      {"Transpose", {}, {image, ints({0, 1, 2, 2})}, "Transpose: the permutation names axis 2 twice"},
      {"StridedSlice", {}, {image, ints({0}), ints({1}), ints({0})}, "StridedSlice: strides[0] is 0"},
      {"ConcatV2", {}, {image, filter, ints({4})}, "ConcatV2: expected an axis in [-4, 4), found 4"},
      {"ConcatV2", {}, {image, filter, ints({0})}, "ConcatV2: expected inputs of one size at axis 1: 4, found 3"},
      {"GatherV2", {}, {image, ints({4}), ints({1})}, "GatherV2: index 4 lies outside an axis of size 4"},
      {"FloorDiv", {}, {ints({1}), ints({0})}, "FloorDiv: an integer second input is 0"},
      {"Add",
       {},
       {image, Tensor(DType::kFloat32, {3})},
       "Add: expected shapes that broadcast together, found [1, 4, 4, 2] and [3]"},
      {"Add",
       {},
       {Tensor(DType::kFloat32, {0}), Tensor(DType::kFloat32, {3})},
       "Add: expected shapes that broadcast together, found [0] and [3]"},
      {"Exp", {}, {ints({1})}, "Exp: there are no int32 values of it here"},
      {"Fill",
       {},
       {ints({1 << 20, 1 << 20}), Tensor::scalar<float>(1)},
       "Fill: an output of shape [1048576, 1048576] is too large"},
      {"Range",
       {},
       {Tensor::scalar<int32_t>(0), Tensor::scalar<int32_t>(5), Tensor::scalar<int32_t>(0)},
       "Range: its delta is 0 or a value is NaN"},
      {"ResizeBilinear",
       {{"align_corners", true}, {"half_pixel_centers", true}},
       {image, ints({2, 2})},
       "ResizeBilinear: align_corners and half_pixel_centers exclude each other"},
      {"Einsum",
       {{"equation", std::string("ij,jk->il")}},
       {Tensor(DType::kFloat32, {2, 2}), Tensor(DType::kFloat32, {2, 2})},
       "Einsum: its output `il` is not of its inputs"},
      {"Cast",
       {{"DstT", DType::kFloat16}, {"Truncate", true}},
       {image},
       "Cast: Truncate is true: only rounding to nearest is supported"},
  };
}

TEST(Errors, SayWhatWasExpected) {
  for (const Refusal& row : refusals()) {
    Graph graph;
    Node& node = graph.add(row.op, "n");
    node.attributes = row.attributes;
    EXPECT_EQ(error_of([&] { (void)run_node(node, row.inputs); }), "node `n`: " + row.message);
  }
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
