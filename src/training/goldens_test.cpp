// Optimizers, losses and metrics against real Keras 2.15: tests/golden/training (tools/make_training_goldens.py).
#include <gtest/gtest.h>

#include <fstream>

#include "training/differentiate.h"
#include "training/loss.h"
#include "training/metric.h"
#include "training/optimizer.h"

namespace hoarfrost::training {
namespace {

Json golden(const std::string& name) {
  return Json::parse(std::ifstream(HOARFROST_GOLDEN "/training/" + name + ".json"));
}

Tensor floats(const Json& values, const Json& shape) {
  return Tensor::of<float>(Shape(shape.get<std::vector<int64_t>>()), values.get<std::vector<float>>());
}

// Twenty steps on two parameters of 4 and 2 elements, with the same gradients.
TEST(Goldens, OptimizersStepAsKeras) {
  const Json all = golden("optimizers");
  const auto start = all.at("weights").get<std::vector<float>>();
  for (const Json& item : all.at("cases")) {
    Optimizer optimizer(item.at("config"));
    std::vector<float> weights = start;
    std::vector<std::vector<float>> memory;
    for (const SlotSpec& slot : optimizer.slots()) memory.emplace_back(weights.size(), slot.initial);
    for (size_t step = 0; step < item.at("steps").size(); ++step) {
      const auto gradient = all.at("gradients").at(step).get<std::vector<float>>();
      std::vector<Parameter> parameters;
      for (const auto& [first, n] : {std::pair<size_t, size_t>{0, 4}, {4, 2}}) {
        Parameter p{std::span(weights).subspan(first, n), std::span(gradient).subspan(first, n), {}};
        for (auto& slot : memory) p.slots.push_back(std::span(slot).subspan(first, n));
        parameters.push_back(p);
      }
      std::vector<std::vector<float>> clipped(2);
      optimizer.apply(parameters, clipped);
      const auto expected = item.at("steps").at(step).get<std::vector<float>>();
      for (size_t i = 0; i < weights.size(); ++i) {
        // float32 on both sides; Keras computes powers of beta in float32 too.
        EXPECT_NEAR(weights[i], expected[i], 2e-6 * (1 + std::abs(expected[i])))
            << item.at("config").dump() << " step " << step << ", " << i;
      }
    }
  }
}

TEST(Goldens, LossesAreKeras) {
  for (const Json& item : golden("losses")) {
    graph::Graph graph;
    Builder builder(graph);
    const Tensor labels = floats(item.at("y_true"), item.at("true_shape")),
                 predictions = floats(item.at("y_pred"), item.at("shape"));
    const Endpoint t = builder.placeholder("t", DType::kFloat32, labels.shape());
    const Endpoint p = builder.placeholder("p", DType::kFloat32, predictions.shape());
    const Loss loss(Json{{"class_name", item.at("class_name")}, {"config", item.at("config")}});
    const Endpoint mean = builder.reduce_all("Mean", loss.of_examples(builder, t, p));
    const Endpoint fetches[] = {mean};
    const float found = ops::evaluate(graph, {{t, labels}, {p, predictions}}, fetches)[0].values<float>()[0];
    const auto expected = item.at("value").get<float>();
    EXPECT_NEAR(found, expected, 2e-6 * (1 + std::abs(expected))) << item.at("class_name");
    const Endpoint sources[] = {p};
    EXPECT_TRUE(nodes_without_gradient(builder, mean, sources).empty()) << item.at("class_name");
    EXPECT_EQ(builder.shape(differentiate(builder, mean, sources)[0]), predictions.shape());
  }
}

TEST(Goldens, MetricsAreKeras) {
  for (const Json& item : golden("metrics")) {
    Metric metric(item.at("name").get<std::string>() == "sparse_top_k_categorical_accuracy"
                      ? "sparse_top_2_categorical_accuracy"
                      : item.at("name").get<std::string>());
    const Tensor labels = floats(item.at("y_true"), item.at("true_shape")),
                 predictions = floats(item.at("y_pred"), item.at("shape"));
    metric.update(labels, predictions);
    EXPECT_NEAR(metric.result(), item.at("value").get<double>(), 1e-6) << item.at("name");
  }
}

}  // namespace
}  // namespace hoarfrost::training
