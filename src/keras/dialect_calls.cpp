// How a layer is called, from Keras 2's inbound_nodes to Keras 3's and back.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "keras/dialect.h"

namespace hoarfrost::keras {
namespace {

// Layers whose states Keras 2 takes in a list with the sequence, and Keras 3 as the argument `initial_state`.
bool takes_states(std::string_view class_name) {
  return class_name == "RNN" || class_name == "LSTM" || class_name == "GRU" || class_name == "SimpleRNN" ||
         class_name == "Bidirectional" || class_name.starts_with("ConvLSTM");
}

Json filled(const Json& json, const std::vector<Json>& tensors) {
  if (json.is_object() && json.size() == 1 && json.contains("tensor"))
    return tensors.at(json.at("tensor").get<size_t>());
  if (!json.is_structured()) return json;
  Json result = json;
  for (Json& value : result) value = filled(value, tensors);
  return result;
}

Json keras3_call(const InboundNode& node, const std::vector<Json>& tensors, const std::string& class_name) {
  Json args = Json::array();
  Json kwargs = Json::object();
  if (!node.arguments.is_null()) {
    args = filled(node.arguments.at("args"), tensors);
    kwargs = filled(node.arguments.at("kwargs"), tensors);
    // Keras 3 finds its inputs' shapes only among the arguments by position.
    for (const char* name : {"value", "key"}) {
      if (class_name != "MultiHeadAttention" || !kwargs.contains(name)) continue;
      args.push_back(kwargs.at(name));
      kwargs.erase(name);
    }
  } else if (tensors.size() == 1) {
    args.push_back(tensors[0]);
  } else if (takes_states(class_name)) {
    args.push_back(tensors[0]);
    kwargs["initial_state"] = std::vector<Json>(tensors.begin() + 1, tensors.end());
  } else {
    args.push_back(Json(tensors));
  }
  return {{"args", std::move(args)}, {"kwargs", std::move(kwargs)}};
}

// Keras 2 gives a call one structure of tensors, and its keywords with each: of several tensors, it reads the last
// one's.
Json keras2_call(const std::vector<Json>& inputs, const Json& kwargs) {
  Json result = Json::array();
  for (const Json& input : inputs) {
    Json tensor = input;
    tensor.push_back(kwargs);
    result.push_back(std::move(tensor));
  }
  return result;
}

Json keras2_call(Dialect dialect, const InboundNode& node, const std::vector<Json>& tensors,
                 const std::string& class_name, const std::string& place) {
  if (node.arguments.is_null() && class_name == "MultiHeadAttention" && tensors.size() > 1) {
    constexpr const char* kNames[] = {"value", "key"};
    Json kwargs = Json::object();
    for (size_t i = 1; i < tensors.size() && i < 3; ++i) kwargs[kNames[i - 1]] = tensors[i];
    return keras2_call({tensors[0]}, kwargs);
  }
  if (node.arguments.is_null()) return keras2_call(tensors, Json::object());
  Json kwargs = filled(node.arguments.at("kwargs"), tensors);
  if (kwargs.contains("mask") && kwargs.at("mask").is_structured())
    cannot_say(dialect, place, "it is called with a mask of its own");
  const Json& args = node.arguments.at("args");
  const auto is_tensor_at = [&](size_t i) {
    return args.size() > i && args[i].is_object() && args[i].contains("tensor");
  };
  std::vector<Json> inputs;
  if (is_tensor_at(0)) {
    inputs.push_back(tensors.at(args[0].at("tensor").get<size_t>()));
  } else if (args.size() == 1 && args[0].is_array()) {
    for (size_t i = 0; i < args[0].size(); ++i) inputs.push_back(filled(args[0][i], tensors));
  }
  if (takes_states(class_name) && kwargs.contains("initial_state")) {
    const Json states = kwargs.at("initial_state");
    kwargs.erase("initial_state");
    if (states.is_array() && !states.empty() && states.front().is_array())
      inputs.insert(inputs.end(), states.begin(), states.end());
    else
      inputs.push_back(states);
  }
  if (inputs.empty() || args.size() > 1) cannot_say(dialect, place, "it is called with arguments beside its tensors");
  return keras2_call(inputs, kwargs);
}

}  // namespace

Json inbound_node_in(Dialect dialect, const InboundNode& node, const std::vector<Json>& tensors,
                     const std::string& class_name, const std::string& place) {
  if (!node.masks.empty()) cannot_say(dialect, place, "it is called with a mask of its own");
  InboundNode told = node;
  if (class_name == "TransformerDecoder") told.arguments = told.structure;  // it is causal unless it is told
  if (dialect == Dialect::kKeras3) return keras3_call(told, tensors, class_name);
  return keras2_call(dialect, told, tensors, class_name, place);
}

}  // namespace hoarfrost::keras
