// Graphs made by hand for OpenCV: each computes afterwards what it computed before, by ops that the importer reads.
// That OpenCV itself reads them so is held by tests/opencv_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/targets.h>

#include <algorithm>
#include <limits>

#include "message_of.h"
#include "ops/op.h"
#include "targets/opencv_layouts.h"

namespace hoarfrost::targets {
namespace {

using graph::Endpoint;
using graph::Graph;
using graph::Node;
using graph::Signature;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing_support::message_of;

class OpenCvGraph : public testing::Test {
 protected:
  Endpoint placeholder(const std::string& name, Shape shape) {
    Node& node = graph_.add("Placeholder", name).set("dtype", DType::kFloat32).set("shape", std::move(shape));
    signature_.inputs.push_back(node.output());
    return node.output();
  }
  Endpoint floats(Shape shape, std::initializer_list<float> values) {
    return graph_.add_const(graph_.unique_name("floats"), Tensor::of<float>(std::move(shape), values)).output();
  }
  Endpoint ints(const std::vector<int32_t>& values) {
    return graph_.add_const(graph_.unique_name("ints"), Tensor::vector(values)).output();
  }
  Node& add(const char* op, const std::string& name, std::vector<Endpoint> inputs, DType dtype = DType::kFloat32) {
    return graph_.add(op, name, std::move(inputs)).set("T", dtype);
  }
  std::vector<float> run(const std::vector<Tensor>& inputs) {
    std::map<Endpoint, Tensor> feeds;
    for (size_t i = 0; i < inputs.size(); ++i) feeds[signature_.inputs[i]] = inputs[i];
    const auto result = ops::evaluate(graph_, feeds, signature_.outputs);
    const auto values = result.at(0).values<float>();
    return {values.begin(), values.end()};
  }
  // What the graph gives for OpenCV, of the same name and equal to what it gave before.
  std::vector<float> fitted(const Node& output, const std::vector<Tensor>& inputs) {
    signature_.outputs = {const_cast<Node&>(output).output()};
    const std::string name = output.name();
    const auto before = run(inputs);
    fit(find_target("opencv"), graph_, signature_);
    EXPECT_EQ(signature_.outputs[0].node->name(), name);
    const auto after = run(inputs);
    EXPECT_EQ(before.size(), after.size());
    for (size_t i = 0; i < before.size() && i < after.size(); ++i)
      EXPECT_FLOAT_EQ(before[i], after[i]) << "element " << i;
    return after;
  }
  std::string refused(const Node& output) {
    signature_.outputs = {const_cast<Node&>(output).output()};
    return message_of([&] { fit(find_target("opencv"), graph_, signature_); });
  }
  [[nodiscard]] bool has_op(std::string_view op) const {
    return std::ranges::any_of(graph_.nodes(), [&](const auto& node) { return node->op() == op; });
  }
  static Tensor counting(const Shape& shape) {
    Tensor result(DType::kFloat32, shape);
    float next = 1;
    for (float& value : result.mutable_values<float>()) value = next++;
    return result;
  }

  Graph graph_;
  Signature signature_;
};

TEST_F(OpenCvGraph, TruthValuesBecomeZeroAndOne) {
  const Endpoint x = placeholder("x", {1, 6});
  Node& above = add("Greater", "above", {x, floats({}, {2})});
  Node& choice = add("SelectV2", "choice", {above.output(), x, floats({}, {-1e9F})});
  constexpr float kLeast = std::numeric_limits<float>::denorm_min();
  const float next = std::nextafter(2.0F, 3.0F);
  EXPECT_THAT(fitted(choice, {Tensor::of<float>({1, 6}, {2, next, kLeast, -3e38F, 3e38F, 1})}),
              ElementsAre(-1e9F, next, -1e9F, -1e9F, 3e38F, -1e9F));
  EXPECT_FALSE(has_op("Greater") || has_op("SelectV2"));
}

TEST_F(OpenCvGraph, LogicAndComparisonsOfEveryKind) {
  const Endpoint x = placeholder("x", {1, 4});
  Node& not_two = add("NotEqual", "not_two", {x, floats({}, {2})});
  Node& at_most = add("LessEqual", "at_most", {x, floats({}, {3})});
  Node& both = graph_.add("LogicalAnd", "both", {not_two.output(), at_most.output()});
  Node& cast = graph_.add("Cast", "cast", {both.output()}).set("SrcT", DType::kBool).set("DstT", DType::kFloat32);
  EXPECT_THAT(fitted(cast, {Tensor::of<float>({1, 4}, {1, 2, 3, 4})}), ElementsAre(1, 0, 1, 0));
}

// Zero times what is infinite is no number: such a choice cannot be said.
TEST_F(OpenCvGraph, ChoicesOfWhatMayBeInfiniteAreRefused) {
  const Endpoint x = placeholder("x", {1, 4});
  Node& above = add("Greater", "above", {x, floats({}, {0})});
  Node& log = add("Log", "log", {x});
  Node& choice = add("SelectV2", "layer/choice", {above.output(), log.output(), x});
  EXPECT_EQ(refused(choice), "target opencv: node `above` (layer `above`): Greater: OpenCV's importer has no such op");
}

TEST_F(OpenCvGraph, WholeNumbersAreGivenAsFloats) {
  const Endpoint x = placeholder("x", {1, 2});
  x.node->set("dtype", DType::kInt32);
  Node& y = graph_.add("Gather", "y", {floats({3, 2}, {1, 2, 3, 4, 5, 6}), x});
  y.set("Tparams", DType::kFloat32).set("Tindices", DType::kInt32);
  signature_.outputs = {y.output()};
  fit(find_target("opencv"), graph_, signature_);
  EXPECT_EQ(graph_.find("x")->get<DType>("dtype"), DType::kFloat32);
  EXPECT_THAT(run({Tensor::of<float>({1, 2}, {2, 0})}), ElementsAre(5, 6, 1, 2));
}

TEST_F(OpenCvGraph, FourAxesAreTurnedByFive) {
  const Endpoint x = placeholder("x", {1, 2, 3, 2});
  Node& y = add("Transpose", "y", {x, ints({0, 3, 1, 2})}).set("Tperm", DType::kInt32);
  EXPECT_THAT(fitted(y, {counting({1, 2, 3, 2})}), ElementsAre(1, 3, 5, 7, 9, 11, 2, 4, 6, 8, 10, 12));
}

TEST_F(OpenCvGraph, ElementsArePutElsewhereByProducts) {
  const Endpoint x = placeholder("x", {1, 3, 2});
  Node& reversed = add("ReverseV2", "reversed", {x, ints({1})}).set("Tidx", DType::kInt32);
  Node& tiled = add("Tile", "tiled", {reversed.output(), ints({1, 2, 1})}).set("Tmultiples", DType::kInt32);
  EXPECT_THAT(fitted(tiled, {counting({1, 3, 2})}), ElementsAre(5, 6, 3, 4, 1, 2, 5, 6, 3, 4, 1, 2));
  EXPECT_FALSE(has_op("Tile") || has_op("ReverseV2"));
}

TEST_F(OpenCvGraph, PaddingOfItsOwnNumber) {
  const Endpoint x = placeholder("x", {1, 2});
  const Endpoint widths = graph_.add_const("widths", Tensor::of<int32_t>({2, 2}, {0, 0, 1, 2})).output();
  Node& y = add("PadV2", "y", {x, widths, floats({}, {-7})}).set("Tpaddings", DType::kInt32);
  EXPECT_THAT(fitted(y, {counting({1, 2})}), ElementsAre(-7, 1, 2, -7, -7));
}

TEST_F(OpenCvGraph, ReductionsOverAnyAxes) {
  const Endpoint x = placeholder("x", {1, 2, 3});
  Node& sum = add("Sum", "sum", {x, ints({2})}).set("Tidx", DType::kInt32).set("keep_dims", false);
  EXPECT_THAT(fitted(sum, {counting({1, 2, 3})}), ElementsAre(6, 15));
}

TEST_F(OpenCvGraph, TheLargestOfARow) {
  const Endpoint x = placeholder("x", {1, 2, 3});
  Node& most = add("Max", "most", {x, ints({2})}).set("Tidx", DType::kInt32).set("keep_dims", true);
  EXPECT_THAT(fitted(most, {Tensor::of<float>({1, 2, 3}, {1, -5, 2, -3, -2, -9})}), ElementsAre(2, -2));
}

TEST_F(OpenCvGraph, SizesThatDifferAreSpread) {
  const Endpoint x = placeholder("x", {1, 2, 3}), y = placeholder("y", {1, 1, 3});
  Node& product = add("Mul", "product", {x, y});
  EXPECT_THAT(fitted(product, {counting({1, 2, 3}), Tensor::of<float>({1, 1, 3}, {1, 0, -1})}),
              ElementsAre(1, 0, -3, 4, 0, -6));
}

TEST_F(OpenCvGraph, TheLargerOfTwoValuesIsExact) {
  const Endpoint x = placeholder("x", {1, 3});
  Node& square = add("Square", "square", {x});
  Node& least = add("Minimum", "least", {x, square.output()});
  EXPECT_THAT(fitted(least, {Tensor::of<float>({1, 3}, {-1e-7F, -1e4F, 0.5F})}), ElementsAre(-1e-7F, -1e4F, 0.25F));
}

TEST_F(OpenCvGraph, PowersThatAreProducts) {
  const Endpoint x = placeholder("x", {1, 3});
  Node& cube = add("Pow", "cube", {x, floats({}, {3})});
  EXPECT_THAT(fitted(cube, {Tensor::of<float>({1, 3}, {-2, 0, 3})}), ElementsAre(-8, 0, 27));
}

TEST_F(OpenCvGraph, OnlyOneIsDivided) {
  const Endpoint x = placeholder("x", {1, 2});
  Node& inverse = add("RealDiv", "inverse", {floats({}, {1}), x});
  Node& y = add("RealDiv", "layer/y", {floats({}, {127}), inverse.output()});
  EXPECT_EQ(refused(y),
            "target opencv: node `layer/y` (layer `layer`): RealDiv: OpenCV's importer does not divide a constant");
  EXPECT_TRUE(has_op("Reciprocal"));
}

TEST_F(OpenCvGraph, ProductsOfMatricesOfValuesAndConstants) {
  const Endpoint x = placeholder("x", {1, 2, 3});
  Node& square = add("BatchMatMul", "square", {x, x}).set("adj_y", true);
  Node& y = add("BatchMatMul", "y", {floats({1, 1, 2}, {1, -1}), square.output()});
  EXPECT_THAT(fitted(y, {counting({1, 2, 3})}), ElementsAre(14 - 32, 32 - 77));
}

TEST_F(OpenCvGraph, SoftmaxIsOfAMatrix) {
  const Endpoint x = placeholder("x", {1, 2, 1, 3});
  Node& y = add("Softmax", "y", {x});
  fitted(y, {counting({1, 2, 1, 3})});
  for (const auto& node : graph_.nodes()) {
    if (node->op() == "Softmax") {
      EXPECT_EQ(node->inputs[0].node->op(), "Reshape");
    }
  }
}

TEST_F(OpenCvGraph, MatricesThatWouldBeTooLargeAreRefused) {
  const Endpoint x = placeholder("x", {1, 4096});
  std::vector<int32_t> places;
  for (int32_t i = 0; i < 4096; ++i) places.push_back(i * 1237 % 4096);  // nothing regular
  Node& y = graph_.add("GatherV2", "layer/y", {x, ints(places), graph_.add_const("axis", Tensor::scalar(1)).output()});
  y.set("Tparams", DType::kFloat32).set("Tindices", DType::kInt32).set("Taxis", DType::kInt32);
  EXPECT_EQ(refused(y), "target opencv: node `layer/y` (layer `layer`): GatherV2: OpenCV's importer has no such op");
}

// The importer believes a row that leads to a convolution to be a picture; what stands behind the input tells it
// better.
TEST_F(OpenCvGraph, RowsThatBecomePicturesAreSettled) {
  const Endpoint x = placeholder("x", {1, 12});
  Node& shaped = add("Reshape", "shaped", {x, ints({1, 2, 3, 2})}).set("Tshape", DType::kInt32);
  Node& y = add("MaxPool", "y", {shaped.output()});
  y.set("padding", "VALID")
      .set("data_format", "NHWC")
      .set("ksize", std::vector<int64_t>{1, 2, 1, 1})
      .set("strides", std::vector<int64_t>{1, 1, 1, 1});
  EXPECT_THAT(fitted(y, {counting({1, 12})}), ElementsAre(7, 8, 9, 10, 11, 12));
  const opencv::Layouts layouts(graph_);
  for (const auto& node : graph_.nodes()) {
    if (node->op() == "Reshape" && node->inputs[0].node->op() != "Transpose") {
      EXPECT_NE(layouts.of(*node->inputs[0].node), opencv::Layout::kChannelsLast) << node->name();
    }
  }
}

// populateNet and parseReshape of OpenCV 4.6's tf_importer.cpp, followed by hand.
TEST(OpenCvLayouts, AreWhatTheImporterBelieves) {
  Graph graph;
  Node& x = graph.add("Placeholder", "x").set("dtype", DType::kFloat32).set("shape", Shape{1, 4, 4, 2});
  Node& pool = graph.add("MaxPool", "pool", {x.output()}).set("data_format", "NHWC");
  Node& relu = graph.add("Relu", "relu", {pool.output()});
  Node& flat =
      graph.add("Reshape", "flat", {relu.output(), graph.add_const("row", Tensor::vector<int32_t>({1, 32})).output()});
  Node& cube = graph.add("Reshape", "cube",
                         {relu.output(), graph.add_const("sizes", Tensor::vector<int32_t>({1, 16, 2})).output()});
  Node& turned = graph.add("Transpose", "turned",
                           {cube.output(), graph.add_const("order", Tensor::vector<int32_t>({0, 2, 1})).output()});
  const opencv::Layouts layouts(graph);
  EXPECT_EQ(layouts.of(x), opencv::Layout::kChannelsLast);  // told backwards
  EXPECT_EQ(layouts.of(relu), opencv::Layout::kChannelsLast);
  EXPECT_EQ(layouts.of(flat), opencv::Layout::kPlanar);
  EXPECT_EQ(layouts.of(cube), opencv::Layout::kChannelsFirst);
  EXPECT_EQ(layouts.of(turned), opencv::Layout::kUnknown);
}

}  // namespace
}  // namespace hoarfrost::targets
