// Small Keras models for tests, layer by layer, with random weights.
#pragma once

#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "evaluation/sample.h"
#include "keras/layer.h"
#include "keras/model.h"

namespace hoarfrost::evaluation::testing_support {

struct FrozenModel {
  keras::Lowered lowered;
  graph::Graph graph;
  graph::Signature signature;
};

class TestModel {
 public:
  using Layers = std::vector<size_t>;

  size_t input(const Shape& shape, DType dtype = DType::kFloat32) {
    keras::ModelLayer layer;
    layer.name = "input_" + std::to_string(model_.layers.size() + 1);
    layer.class_name = "InputLayer";
    layer.is_input = true;
    layer.input_shape = shape;
    layer.input_dtype = dtype;
    layer.calls.emplace_back();
    return push(std::move(layer), shape, true);
  }

  // config: the keys of the layer's configuration, as JSON without the braces.
  size_t add(const std::string& name, const std::string& class_name, const std::string& config, const Layers& inputs) {
    const keras::Json json =
        keras::Json::parse("{\"name\": \"" + name + "\"" + (config.empty() ? "" : ", ") + config + "}");
    keras::ModelLayer layer;
    layer.name = name;
    layer.class_name = class_name;
    layer.layer = keras::parse_layer(keras::Config(json, class_name, {2, 15}));
    keras::Shapes shapes;
    keras::Call call;
    for (const size_t input : inputs) {
      shapes.push_back(shapes_[input]);
      call.inputs.push_back({input, 0, 0});
    }
    for (const auto& spec : layer.layer->weights(shapes)) layer.weights.push_back(weight(spec));
    layer.calls.push_back(call);
    return push(std::move(layer), layer.layer->infer(shapes).at(0), false);
  }
  size_t add(const std::string& name, const std::string& class_name, const std::string& config = "") {
    return add(name, class_name, config, {model_.layers.size() - 1});
  }

  // The model whose output is the last layer, lowered and frozen.
  FrozenModel frozen() {
    model_.outputs = {{model_.layers.size() - 1, 0, 0}};
    FrozenModel result{keras::lower(model_), {}, {}};
    result.graph = result.lowered.graph.clone();
    passes::freeze(result.graph, result.lowered.variables,
                   {{result.lowered.signature.outputs[0].node->name()}, {}, {}});
    for (const auto& input : result.lowered.signature.inputs)
      result.signature.inputs.push_back(result.graph.find(input.node->name())->output());
    for (const auto& output : result.lowered.signature.outputs)
      result.signature.outputs.push_back(result.graph.find(output.node->name())->output());
    return result;
  }

 private:
  size_t push(keras::ModelLayer layer, Shape shape, bool is_input) {
    model_.layers.push_back(std::move(layer));
    shapes_.push_back(std::move(shape));
    if (is_input) model_.inputs.push_back({model_.layers.size() - 1, 0, 0});
    return model_.layers.size() - 1;
  }

  // Variances are positive, kernels keep the magnitude of what they are applied to.
  Tensor weight(const keras::WeightSpec& spec) {
    Tensor tensor(DType::kFloat32, spec.shape);
    const auto n_in = static_cast<double>(spec.shape.n_elements() / std::max<int64_t>(spec.shape.last(), 1));
    for (float& value : tensor.mutable_values<float>()) {
      value = static_cast<float>(spec.name.find("variance") != std::string::npos ? 0.5 + random_.uniform()
                                                                                 : random_.normal() / std::sqrt(n_in));
    }
    return tensor;
  }

  keras::Model model_;
  std::vector<Shape> shapes_;
  Random random_{7};
};

}  // namespace hoarfrost::evaluation::testing_support
