#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <random>

#include "ops/op.h"
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using testing::HasSubstr;

TEST(Session, RunsWhatTheReferencesRun) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 5});
  const auto y = b.op("MatMul", "y", {x, b.weights({5, 4})});
  b.expect_reference({x}, {b.op("Relu", "z", {b.op("BiasAdd", "biased", {y, b.weights({4})})}), y});
}

TEST(Session, NamesAnUnknownOp) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {2});
  const auto y = b.op("NoSuchOp", "strange", {x});
  try {
    Session(b.graph, {{x}, {y}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kUnsupported);
    EXPECT_STREQ(error.what(), "node `strange`: its op NoSuchOp is not one that Hoarfrost can run");
  }
}

TEST(Session, RefusesVariables) {
  GraphBuilder b;
  graph::Node& variable = b.graph.add("VariableV2", "w");
  const auto y = b.op("Identity", "y", {variable.output()});
  try {
    Session(b.graph, {{}, {y}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
    EXPECT_THAT(error.what(), HasSubstr("node `w`: it is a variable (VariableV2)"));
  }
}

TEST(Session, RefusesAPlaceholderThatIsNoInput) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {2});
  const auto y = b.op("Relu", "y", {x});
  try {
    Session(b.graph, {{}, {y}});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidArgument);
  }
}

TEST(Session, SaysBothShapesOfAWrongInput) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 5});
  Session session(b.graph, {{x}, {b.op("Relu", "y", {x})}});
  try {
    session.run(std::vector{Tensor(DType::kFloat32, {2, 6})});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    EXPECT_STREQ(error.what(), "input `x`: expected the shape [?, 5], found [2, 6]");
  }
  try {
    session.run(std::vector{Tensor(DType::kInt32, {2, 5})});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kMismatch);
    EXPECT_STREQ(error.what(), "input `x`: expected float32 of shape [2, 5], found int32");
  }
  EXPECT_THROW(session.run({}), Error);
}

TEST(Session, AnEmptyBatchGivesEmptyOutputs) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 6, 6, 3});
  const auto y = b.op("Conv2D", "conv", {x, b.weights({3, 3, 3, 4})},
                      {{"strides", std::vector<int64_t>{1, 1, 1, 1}}, {"padding", "SAME"}});
  Session session(b.graph, {{x}, {b.op("Relu", "relu", {y})}});
  const auto result = session.run(std::vector{Tensor(DType::kFloat32, {0, 6, 6, 3})});
  EXPECT_EQ(result.at(0).shape(), Shape({0, 6, 6, 4}));
}

TEST(Session, ShapesAreComputedWhenCompiling) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 4, 3});
  const auto shape = b.op("Shape", "shape", {x}, {{"out_type", DType::kInt32}});
  const auto flat =
      b.op("Reshape", "flat",
           {x, b.op("Slice", "batch", {shape, b.integers({0}), b.integers({1})}, {{"Index", DType::kInt32}})});
  (void)flat;
  const auto doubled =
      b.op("Concat", "sizes",
           {b.scalar(0), b.op("Slice", "first", {shape, b.integers({0}), b.integers({1})}, {{"Index", DType::kInt32}}),
            b.integers({12})},
           {{"N", 2}, {"T", DType::kInt32}});
  b.expect_reference({x}, {b.op("Reshape", "y", {x, doubled}, {{"Tshape", DType::kInt32}})});
  Session session(b.graph, {{x}, {graph::Endpoint{b.graph.find("y")}}});
  EXPECT_THAT(session.plan(std::vector{Shape{2, 4, 3}}), testing::SizeIs(1))
      << "only the copy into the caller's memory";
}

TEST(Session, AnInnerEndpointCanBeAnInput) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {kUnknown, 3});
  const auto y = b.op("Relu", "y", {x});
  const auto z = b.op("Neg", "z", {y});
  Session session(b.graph, {{y}, {z}});
  const auto result = session.run(std::vector{Tensor::of<float>({1, 3}, {-1, 2, -3})});
  EXPECT_THAT(result.at(0).values<float>(), testing::ElementsAre(1, -2, 3));
}

TEST(Session, AScalarPlaceholderTakesScalars) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {});
  const auto y = b.op("Neg", "y", {x});
  const auto result = Session(b.graph, {{x}, {y}}).run(std::vector{Tensor::of<float>({}, {1})});
  EXPECT_THAT(result.at(0).values<float>(), testing::ElementsAre(-1));
  EXPECT_THROW(Session(b.graph, {{x}, {y}}).run(std::vector{Tensor::of<float>({2}, {1, 2})}), Error);
}

TEST(Session, GivesAnInputOrAConstantAsOutput) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {2});
  const auto c = b.op("Identity", "c", {b.weights({3})});
  Session session(b.graph, {{x}, {x, c, x}});
  const auto result = session.run(std::vector{Tensor::of<float>({2}, {1, 2})});
  EXPECT_THAT(result.at(0).values<float>(), testing::ElementsAre(1, 2));
  EXPECT_THAT(result.at(1).values<float>(), testing::SizeIs(3));
  EXPECT_THAT(result.at(2).values<float>(), testing::ElementsAre(1, 2));
}

TEST(Session, TellsOutputsAsTheyCome) {
  GraphBuilder b;
  const auto x = b.placeholder("x", {2, 3});
  const auto y = b.op("MatMul", "y", {x, b.weights({3, 4})});
  const auto z = b.op("MatMul", "z", {b.op("Tanh", "between", {y}), b.weights({4, 2})});
  Session session(b.graph, {{x}, {z, y, y}}, {.is_deterministic = true});
  const std::vector inputs{b.random({2, 3})};
  const auto expected = session.run(inputs);
  std::vector<Tensor> outputs;
  for (const Tensor& each : expected) outputs.emplace_back(DType::kFloat32, each.shape());
  std::vector<size_t> order;
  session.run_into(inputs, outputs, [&](std::span<const size_t> places) {
    for (const size_t i : places) {
      order.push_back(i);
      EXPECT_TRUE(std::ranges::equal(outputs[i].values<float>(), expected[i].values<float>())) << i;
    }
  });
  EXPECT_THAT(order, testing::UnorderedElementsAre(0, 1, 2));
  EXPECT_LT(std::ranges::find(order, 1U), std::ranges::find(order, 0U));
}

TEST(Session, RefusesToWorkAloneWhereProcessesAreAsked) {
  for (const char* op : {"CollectiveReduce", "FusedBatchNorm"}) {
    GraphBuilder b;
    const auto x = b.placeholder("x", {2, 2, 2, 1});
    std::vector<graph::Endpoint> inputs{x};
    while (std::string(op) == "FusedBatchNorm" && inputs.size() < 5) inputs.push_back(b.weights({1}));
    const auto y = b.op(op, "y", inputs, {{"group_size", int64_t{2}}});
    try {
      (void)Session(b.graph, {{x}, {y}}, {.is_deterministic = true}).run(std::vector{b.random({2, 2, 2, 1})});
      FAIL() << op;
    } catch (const Error& error) {
      EXPECT_STREQ(error.what(), "node `y`: works with 2 processes, found 1");
    }
    const Tensor value = b.random({2, 2, 2, 1});
    EXPECT_THROW((void)ops::evaluate(b.graph, {{x, value}}, std::vector{y}), Error);
  }
}

}  // namespace
}  // namespace hoarfrost::runtime
