// For tests of single layers: a layer from its configuration as Keras writes it, with weights and inputs that anyone
// can make again.
#pragma once

#include <gmock/gmock.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "keras/layer.h"
#include "keras/lowering.h"

namespace hoarfrost::keras {

inline std::shared_ptr<const Layer> layer_of(const std::string& class_name, const std::string& json,
                                             Version version = {2, 15}) {
  const Json config = Json::parse(json);
  return parse_layer(Config(config, class_name, version));
}

// (7·i mod 11)·scale + shift for i = 0, 1, …: numbers of both signs that the tests' Keras script makes too.
inline Tensor ramp(const Shape& shape, double scale, double shift) {
  Tensor result(DType::kFloat32, shape);
  const auto values = result.mutable_values<float>();
  for (size_t i = 0; i < values.size(); ++i)
    values[i] = static_cast<float>(static_cast<double>(i * 7 % 11) * scale + shift);
  return result;
}

inline std::vector<double> elements(const Formula& formula) {
  std::vector<double> result;
  for (int64_t i = 0; i < formula.shape.n_elements(); ++i)
    result.push_back(formula.at(Index::at_offset(formula.shape, i)));
  return result;
}

// The reference of a layer on ramp(in, 0.5, -2) with weights ramp(…, 0.25, -1). Its shape is what infer says.
inline std::vector<double> answer(const Layer& layer, const Shape& in) {
  Arrays weights;
  for (const WeightSpec& spec : layer.weights({in})) weights.emplace_back(ramp(spec.shape, 0.25, -1));
  const Formula formula = layer.reference(weights, {Array(ramp(in, 0.5, -2))}).at(0);
  EXPECT_EQ(formula.shape, layer.infer({in}).at(0));
  return elements(formula);
}

// The ops of a layer's nodes, in the order in which they were made, without the constants.
inline std::vector<std::string> ops_of(const Layer& layer, const Shape& in) {
  graph::Graph graph;
  Lowering lowering(graph, Phase::kInference);
  graph::Node& input = graph.add("Placeholder", "input");
  std::vector<Value> weights;
  std::vector<Tensor> values;
  for (const WeightSpec& spec : layer.weights({in})) {
    values.push_back(ramp(spec.shape, 0.25, -1));
    weights.push_back(
        {graph.add_const("weights/" + spec.name, values.back()).output(), DType::kFloat32, spec.shape, {}});
  }
  lowering.set_layer(lowering.enter_scope("layer"), weights, values);
  (void)layer.lower(lowering, {{input.output(), DType::kFloat32, in, {}}});
  std::vector<std::string> result;
  for (const auto& node : graph.nodes()) {
    if (node->op() != "Const" && node->op() != "Placeholder") result.push_back(node->op() + " " + node->name());
  }
  return result;
}

inline std::string message_of(const std::string& class_name, const std::string& json, const Shape& in = {}) {
  try {
    const auto layer = layer_of(class_name, json);
    (void)layer->infer({in});
    (void)layer->weights({in});
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

inline auto are_near(const std::vector<double>& expected) {
  return testing::Pointwise(testing::DoubleNear(1e-5), expected);
}

}  // namespace hoarfrost::keras
