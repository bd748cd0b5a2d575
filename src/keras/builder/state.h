// What stands behind the handles of hoarfrost/builder.h.
#pragma once

#include <hoarfrost/builder.h>

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "keras/model.h"

namespace hoarfrost::keras {

namespace builder {

using layers::KerasTensor;
using Parts = std::vector<KerasTensor::Part>;

// A model: its JSON, and what was read from it.
struct Network {
  Json json;  // {"class_name", "config"}
  std::shared_ptr<const Model> model;
};

// A name that no layer has yet, as Keras makes them: conv2d, conv2d_1, …; input_1, input_2, … (builder/names.cpp).
std::string unique_name(const std::string& class_name);
std::string unique_input_name();

// What an argument holds, null where it is not said. Throws Error{kInvalidArgument} where it is no JSON.
Json value_of(const Argument& argument, const std::string& name);

// [null, 32, 32, 3]
Json shape_json(const Shape& shape);

// The shapes that a call gives. entry: the layer as it stands among a model's `layers`, without its calls.
Shapes call_shapes(const Json& entry, const KerasTensor::Node& call);

// A call as it stands among `inbound_nodes`; history: how a tensor is said there.
Json inbound_node(const KerasTensor::Node& call, const std::function<Json(const KerasTensor::Part&)>& history);

// The layer as Keras 2.15 serializes it.
Json entry_of(const layers::Layer::State& layer);

// The network between these tensors (network.cpp). Throws what Model's constructor throws.
Json functional_config(const std::string& name, const Parts& inputs, const Parts& outputs);

}  // namespace builder

struct layers::Layer::State {
  std::string class_name;
  std::string name;
  Json config;                              // of a layer; of a model, what its network says
  Json build_shape;                         // of the first call's inputs; null before
  int64_t n_calls = 0;                      // a model's making counts as its first
  std::optional<builder::Network> network;  // of a model
};

struct layers::KerasTensor::Node {
  using Value = std::variant<Json, KerasTensor>;
  std::shared_ptr<Layer::State> layer;
  int64_t index = 0;  // which of the layer's calls
  builder::Parts inputs;
  std::vector<std::pair<std::string, Value>> arguments;
  Shapes outputs;
};

}  // namespace hoarfrost::keras
