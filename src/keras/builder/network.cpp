// Models: the network between inputs and outputs, in the order and the words of Keras 2.15
// (keras/src/engine/functional.py: _map_graph_network, get_network_config).
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "keras/architecture.h"
#include "keras/builder/classes.h"
#include "keras/builder/state.h"
#include "keras/python_json.h"

namespace hoarfrost::keras {
namespace builder {
namespace {

using Node = KerasTensor::Node;
using State = layers::Layer::State;

bool is_input(const Node& node) { return node.layer->class_name == "InputLayer"; }

template <typename Visit>
void visit_inputs(const Node& node, const Visit& visit) {
  for (const auto& part : node.inputs) visit(part);
  for (const auto& [key, value] : node.arguments) {
    if (const auto* tensor = std::get_if<KerasTensor>(&value)) std::ranges::for_each(tensor->parts(), visit);
  }
}

class NetworkMap {
 public:
  NetworkMap(const Parts& inputs, const Parts& outputs) {
    for (const auto& part : outputs) walk(*part.node);
    set_depths();
    for (const auto& part : inputs) add_unused(*part.node);
    expect_computable(inputs);
    order();
    number();
  }

  // layer, call, output
  [[nodiscard]] Json history(const KerasTensor::Part& part) const {
    return {part.node->layer->name, numbers_.at(part.node.get()), part.output};
  }

  [[nodiscard]] Json entries() const {
    Json result = Json::array();
    for (const State* layer : layers_) {
      Json calls = Json::array();
      for (const Node* node : calls_.at(layer)) {
        if (!is_input(*node))
          calls.push_back(inbound_node(*node, [this](const KerasTensor::Part& part) { return history(part); }));
      }
      Json entry = entry_of(*layer);
      entry["name"] = layer->name;
      entry["inbound_nodes"] = std::move(calls);
      result.push_back(std::move(entry));
    }
    return result;
  }

 private:
  // Depth first from the outputs; layers are numbered as they are met, nodes stand behind those that they take from.
  // With a stack of its own, for deep networks.
  void walk(const Node& last) {
    std::vector<std::pair<const Node*, size_t>> stack;
    const auto enter = [&](const Node& node) {
      if (!seen_.insert(&node).second) return;
      traversal_.emplace(node.layer.get(), static_cast<int64_t>(traversal_.size()));
      std::vector<const Node*>& parents = parents_[&node];
      visit_inputs(node, [&](const KerasTensor::Part& part) { parents.push_back(part.node.get()); });
      stack.emplace_back(&node, 0);
    };
    enter(last);
    while (!stack.empty()) {
      const auto [node, next] = stack.back();
      const std::vector<const Node*>& parents = parents_.at(node);
      if (next < parents.size()) {
        ++stack.back().second;
        enter(*parents[next]);
      } else {
        nodes_.push_back(node);
        stack.pop_back();
      }
    }
  }

  // A node's depth is its distance from the outputs; a layer's, the largest of its nodes'.
  void set_depths() {
    std::map<const Node*, int64_t> depths;
    for (auto node = nodes_.rbegin(); node != nodes_.rend(); ++node) {
      int64_t& of_layer = depths_[(*node)->layer.get()];
      of_layer = std::max(of_layer, depths[*node]);
      for (const Node* parent : parents_.at(*node)) depths[parent] = std::max(depths[parent], of_layer + 1);
    }
  }

  void add_unused(const Node& input) {
    if (!is_input(input))
      throw Error(ErrorCode::kInvalidArgument,
                  fmt::format("layer `{}` ({})", input.layer->name, input.layer->class_name),
                  "a model's inputs must be what Input() gives");
    if (!seen_.insert(&input).second) return;
    depths_[input.layer.get()] = 0;
    traversal_[input.layer.get()] = -1;
    parents_[&input];
    nodes_.push_back(&input);
  }

  void expect_computable(const Parts& inputs) const {
    for (const Node* node : nodes_) {
      const bool is_given =
          std::ranges::any_of(inputs, [&](const KerasTensor::Part& part) { return part.node.get() == node; });
      if (is_input(*node) && !is_given)
        throw Error(ErrorCode::kInvalidArgument, fmt::format("layer `{}` (InputLayer)", node->layer->name),
                    "the model's outputs depend on it, but it is none of its inputs");
    }
  }

  void order() {
    std::set<std::string> names;
    for (const auto& [layer, depth] : depths_) {
      layers_.push_back(layer);
      if (!names.insert(layer->name).second)
        throw Error(ErrorCode::kInvalidArgument, fmt::format("layer `{}` ({})", layer->name, layer->class_name),
                    "two layers of the model have this name");
    }
    std::ranges::sort(layers_, [&](const State* a, const State* b) {
      return std::pair(-depths_.at(a), traversal_.at(a)) < std::pair(-depths_.at(b), traversal_.at(b));
    });
  }

  // Calls that the network has not are not counted; a model's making is its call 0.
  void number() {
    for (const Node* node : nodes_) calls_[node->layer.get()].push_back(node);
    for (auto& [layer, calls] : calls_) {
      std::ranges::sort(calls, {}, &Node::index);
      int64_t number = layer->network ? 1 : 0;
      for (const Node* node : calls) numbers_[node] = number++;
    }
  }

  std::set<const Node*> seen_;
  std::map<const Node*, std::vector<const Node*>> parents_;
  std::vector<const Node*> nodes_;
  std::map<const State*, int64_t> traversal_, depths_;
  std::vector<const State*> layers_;
  std::map<const State*, std::vector<const Node*>> calls_;
  std::map<const Node*, int64_t> numbers_;
};

}  // namespace

Json functional_config(const std::string& name, const Parts& inputs, const Parts& outputs) {
  const NetworkMap network(inputs, outputs);
  const auto ends = [&](const Parts& parts) {
    Json result = Json::array();
    for (const auto& part : parts) result.push_back(network.history(part));
    return result;
  };
  return {{"name", name},
          {"trainable", true},
          {"layers", network.entries()},
          {"input_layers", ends(inputs)},
          {"output_layers", ends(outputs)}};
}

Json entry_of(const layers::Layer::State& layer) {
  Json result = serialized(layer.class_name, layer.config);
  if (layer.network) {
    const bool is_sequential = layer.class_name == "Sequential";
    result["module"] = is_sequential ? "keras" : "keras.src.engine.functional";
    result["registered_name"] = is_sequential ? Json() : Json("Functional");
  }
  if (!layer.build_shape.is_null()) result["build_config"] = {{"input_shape", layer.build_shape}};
  return result;
}

}  // namespace builder

namespace models {
namespace {

using builder::Parts;

std::shared_ptr<layers::Layer::State> state_of(const char* class_name, Json config, const Parts& inputs) {
  auto state = std::make_shared<layers::Layer::State>();
  state->class_name = class_name;
  state->name = config.at("name");
  std::vector<Json> shapes;
  for (const auto& part : inputs) shapes.push_back(builder::shape_json(part.node->outputs.at(part.output)));
  state->build_shape = shapes.size() == 1 ? shapes.front() : Json(shapes);
  state->config = std::move(config);
  const Json json = {{"class_name", class_name}, {"config", state->config}};
  state->network = builder::Network{json, parse_model(json, {2, 15})};
  return state;
}

// input, or what the first layer's `input_shape` says.
layers::KerasTensor begin(const layers::Layer& first, const std::string& name) {
  const Json& config = first.state()->config;
  const auto shape = config.find("batch_input_shape");
  if (shape == config.end() || shape->empty()) {
    throw Error(
        ErrorCode::kInvalidArgument, fmt::format("model `{}`", name),
        fmt::format(
            "its first layer `{}` does not say the shape that it takes: begin with Input(…), or give it `input_shape`",
            first.name()));
  }
  std::vector<Argument> sizes;
  for (const Json& size : *shape)
    sizes.emplace_back(size.is_null() ? Argument(nullptr) : Argument(size.get<int64_t>()));
  const Argument batch = sizes.front();
  sizes.erase(sizes.begin());
  const bool is_input = first.class_name() == "InputLayer";
  return layers::Input(sizes, {.name = is_input ? first.name() : first.name() + "_input",
                               .dtype = config.value("dtype", "float32"),
                               .batch_size = batch});
}

std::shared_ptr<layers::Layer::State> sequential_state(const std::vector<layers::Layer>& layers,
                                                       const std::string& given_name) {
  const std::string name = given_name.empty() ? builder::unique_name("Sequential") : given_name;
  if (layers.empty())
    throw Error(ErrorCode::kInvalidArgument, fmt::format("model `{}`", name), "a Sequential without layers");
  layers::KerasTensor x = begin(layers.front(), name);
  const Parts inputs = x.parts();
  Json entries = Json::array({builder::entry_of(*inputs.front().node->layer)});
  for (const layers::Layer& layer : layers) {
    if (layer.class_name() == "InputLayer") continue;
    x = layer(x);
    entries.push_back(builder::entry_of(*layer.state()));
  }
  return state_of("Sequential", {{"name", name}, {"layers", entries}}, inputs);
}

}  // namespace

Model::Model(const layers::KerasTensor& inputs, const layers::KerasTensor& outputs, const std::string& name)
    : Layer(state_of("Functional",
                     builder::functional_config(name.empty() ? builder::unique_name("Model") : name, inputs.parts(),
                                                outputs.parts()),
                     inputs.parts())) {}

std::string Model::to_json() const {
  Json json = state()->network->json;
  json["keras_version"] = "2.15.0";
  json["backend"] = "tensorflow";
  return python_json(json);
}

std::shared_ptr<const keras::Model> Model::built() const { return state()->network->model; }

Sequential::Sequential(const std::vector<layers::Layer>& layers, const std::string& name)
    : Model(sequential_state(layers, name)) {}

}  // namespace models
}  // namespace hoarfrost::keras
