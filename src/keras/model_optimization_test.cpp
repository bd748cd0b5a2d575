// The TensorFlow Model Optimization Toolkit's wrappers, where the golden models do not tell: which nodes a layer
// becomes.
#include "keras/layer_testing.h"

namespace hoarfrost::keras {
namespace {

using testing::ElementsAre;

// A layer of two inputs and two outputs, lowered with these weights; the ops without constants.
std::vector<std::string> ops_with(const Layer& layer, const std::vector<Tensor>& values, graph::Graph& graph) {
  Lowering lowering(graph, Phase::kInference);
  graph::Node& input = graph.add("Placeholder", "input");
  std::vector<Value> weights;
  for (const Tensor& value : values)
    weights.push_back({graph.add_const(graph.unique_name("weight"), value).output(), value.dtype(), value.shape(), {}});
  lowering.set_layer(lowering.enter_scope("layer"), weights, values);
  layer.lower(lowering, {{input.output(), DType::kFloat32, {kUnknown, 2}, {}}});
  std::vector<std::string> ops;
  for (const auto& node : graph.nodes()) {
    if (node->op() != "Const" && node->op() != "Placeholder") ops.push_back(node->op());
  }
  return ops;
}

constexpr const char* kPruned =
    R"({"name": "l", "pruning_schedule": {}, "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": false}}})";

TEST(PruneLowMagnitude, MultipliesByItsMaskOnlyWhatThatChanges) {
  const auto layer = layer_of("PruneLowMagnitude", kPruned);
  const Tensor threshold = Tensor::scalar(0.5F);
  const Tensor step = Tensor::scalar<int64_t>(7);
  const Tensor kernel = Tensor::of<float>({2, 2}, {1, 0, -3, 2});
  graph::Graph finished;
  EXPECT_THAT(ops_with(*layer, {kernel, Tensor::of<float>({2, 2}, {1, 0, 1, 1}), threshold, step}, finished),
              ElementsAre("MatMul"));
  graph::Graph midway;
  EXPECT_THAT(ops_with(*layer, {kernel, Tensor::of<float>({2, 2}, {1, 0, 0, 1}), threshold, step}, midway),
              ElementsAre("Mul", "MatMul"));
}

// By hand: the nearest of -1, 0.5 and 2, the first of two that are as near.
TEST(ClusterWeights, ComputesWithTheNearestCentroids) {
  const auto layer = layer_of(
      "ClusterWeights",
      R"({"name": "l", "number_of_clusters": 3, "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": false}}})");
  graph::Graph graph;
  ops_with(*layer,
           {Tensor::of<float>({2, 2}, {-0.25F, 1.25F, 9, -2}), Tensor::of<float>({3}, {-1, 0.5F, 2}),
            Tensor::of<int64_t>({2, 2}, {0, 0, 0, 0})},
           graph);
  const graph::Node* clustered = graph.find("layer/kernel/clustered");
  ASSERT_NE(clustered, nullptr);
  EXPECT_THAT(std::vector<float>(clustered->value().values<float>().begin(), clustered->value().values<float>().end()),
              ElementsAre(-1, 0.5F, 2, -1));
}

// What pruning made zero stays zero, also where the weight has gone on; the smallest centroid is zero itself.
TEST(ClusterWeights, KeepsZeros) {
  const auto layer = layer_of(
      "ClusterWeights",
      R"({"name": "l", "number_of_clusters": 3, "preserve_sparsity": true, "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "use_bias": false}}})");
  graph::Graph graph;
  ops_with(*layer,
           {Tensor::of<float>({2, 2}, {-0.9F, 1.9F, 0.1F, -2}), Tensor::of<float>({3}, {-1, 0.01F, 2}),
            Tensor::of<int64_t>({2, 2}, {1, 2, 2, 0})},
           graph);
  const graph::Node* clustered = graph.find("layer/kernel/clustered");
  ASSERT_NE(clustered, nullptr);
  EXPECT_THAT(std::vector<float>(clustered->value().values<float>().begin(), clustered->value().values<float>().end()),
              ElementsAre(0, 2, 0, -1));
}

TEST(QuantizeWrapper, NodesStandWhereTheToolkitPutsThem) {
  const auto layer = layer_of(
      "QuantizeWrapperV2",
      R"({"name": "l", "layer": {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "tanh"}}, "quantize_config": {"class_name": "Default8BitQuantizeConfig", "config": {"weight_attrs": ["kernel"], "activation_attrs": ["activation"], "quantize_output": true}}})");
  EXPECT_THAT(
      ops_of(*layer, {1, 3}),
      ElementsAre("FakeQuantWithMinMaxVars layer/LastValueQuant/FakeQuantWithMinMaxVars", "MatMul layer/MatMul",
                  "BiasAdd layer/BiasAdd", "FakeQuantWithMinMaxVars layer/MovingAvgQuantize/FakeQuantWithMinMaxVars",
                  "Tanh layer/Tanh", "FakeQuantWithMinMaxVars layer/MovingAvgQuantize/FakeQuantWithMinMaxVars_1"));
}

}  // namespace
}  // namespace hoarfrost::keras
