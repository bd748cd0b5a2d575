#include "evaluation/rounding_reach.h"

#include <gtest/gtest.h>
#include <hoarfrost/evaluation.h>

#include <cmath>

#include "evaluation/testing_model.h"

namespace hoarfrost::evaluation {
namespace {

using graph::Graph;
using graph::Node;

Node& binary(Graph& graph, const std::string& op, const std::string& name, Node& a, Node& b) {
  Node& node = graph.add(op, name, {a.output(), b.output()});
  node.set("T", DType::kFloat32);
  return node;
}

Node& constant(Graph& graph, const std::string& name, float value) {
  return graph.add_const(name, Tensor::of<float>({}, std::vector<float>{value}));
}

// (3 x) + (-3 x) + 0.25: whatever x is, 0.25 exactly, and rounded at the magnitude of 3 x on the way.
TEST(RoundingReach, CountsValuesThatCancelOnTheWay) {
  Graph graph;
  Node& x = graph.add("Placeholder", "x");
  x.set("dtype", DType::kFloat32).set("shape", Shape{kUnknown, 1});
  Node& up = binary(graph, "Mul", "up", x, constant(graph, "three", 3));
  Node& down = binary(graph, "Mul", "down", x, constant(graph, "minus", -3));
  Node& none = binary(graph, "AddV2", "none", up, down);
  Node& sum = binary(graph, "AddV2", "sum", none, constant(graph, "quarter", 0.25F));
  const graph::Signature signature{{x.output()}, {sum.output()}};

  const Tensor input = Tensor::of<float>({2, 1}, std::vector<float>{1000.3F, 0});
  const Tensor output = Tensor::of<float>({2, 1}, std::vector<float>{0.25F, 0.25F});
  const auto reach = rounding_reach(graph, signature, {input}, {output}, {});
  ASSERT_EQ(reach.size(), 1U);
  ASSERT_EQ(reach[0].size(), 2U);
  EXPECT_GT(reach[0][0], 3000.9 * 0x1p-24) << "one rounding of a term";
  EXPECT_LE(reach[0][0], 16 * 2 * 3001 * 0x1p-22) << "sixteen times both terms moved by 2^-22";
  EXPECT_LE(reach[0][1], 16 * 0.25 * 0x1p-21) << "nothing large flows here";
}

TEST(RoundingReach, MovesNoWholeNumberAndNoConstant) {
  Graph graph;
  Node& x = graph.add("Placeholder", "x");
  x.set("dtype", DType::kInt32).set("shape", Shape{2});
  Node& one = graph.add_const("one", Tensor::of<int32_t>({}, std::vector<int32_t>{1}));
  Node& sum = graph.add("AddV2", "sum", {x.output(), one.output()});
  sum.set("T", DType::kInt32);
  const Tensor input = Tensor::of<int32_t>({2}, std::vector<int32_t>{1 << 24, 7});
  const Tensor output = Tensor::of<int32_t>({2}, std::vector<int32_t>{(1 << 24) + 1, 8});
  const auto reach = rounding_reach(graph, {{x.output()}, {sum.output()}}, {input}, {output}, {});
  EXPECT_EQ(reach[0][0], 0);
  EXPECT_EQ(reach[0][1], 0);
}

// A LayerNormalization of two nearly equal values gives plus and minus one, whose mean is beta's: what is rounded on
// the way is as large as |mean| / deviation.
TEST(RoundingReach, LetsANormalisationOfNearlyEqualValuesPass) {
  testing_support::TestModel model;
  model.input({kUnknown, 6, 2});
  model.add("shift", "Rescaling", R"("scale": 0.01, "offset": 20.0)");
  model.add("norm", "LayerNormalization", R"("axis": -1, "epsilon": 0.000001)");
  model.add("pool", "GlobalAveragePooling1D", R"("data_format": "channels_first")");
  const auto frozen = model.frozen();
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Verification proof = verify(frozen.lowered, frozen.graph, frozen.signature, {.seed = seed});
    EXPECT_TRUE(proof.equal) << seed << ": " << (proof.equal ? "" : proof.first_divergence()->divergence);
  }
}

}  // namespace
}  // namespace hoarfrost::evaluation
