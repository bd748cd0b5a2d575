// One call of a layer: as Keras' JSON says it, and the shapes that it gives.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/builder/state.h"
#include "keras/shapes.h"

namespace hoarfrost::keras::builder {
namespace {

constexpr Version kVersion{2, 15};

}  // namespace

Json shape_json(const Shape& shape) {
  Json result = Json::array();
  for (const int64_t size : shape.sizes()) result.push_back(size == kUnknown ? Json() : Json(size));
  return result;
}

// Keras adds the keyword arguments to each tensor; an operation's lone tensor stands without a list
// (keras/src/engine/node.py).
Json inbound_node(const KerasTensor::Node& call, const std::function<Json(const KerasTensor::Part&)>& history) {
  Json kwargs = Json::object();
  for (const auto& [key, value] : call.arguments) {
    if (const auto* json = std::get_if<Json>(&value)) {
      kwargs[key] = *json;
      continue;
    }
    Json tensors = Json::array();
    const auto& given = std::get<KerasTensor>(value);
    for (const auto& part : given.parts()) tensors.push_back(history(part));
    kwargs[key] = tensors.size() == 1 && !given.is_list() ? Json(tensors.front()) : tensors;
  }
  Json result = Json::array();
  for (const auto& part : call.inputs) {
    Json tensor = history(part);
    tensor.push_back(kwargs);
    result.push_back(std::move(tensor));
  }
  const std::string& name = call.layer->class_name;
  const bool is_operation = name == "TFOpLambda" || name == "SlicingOpLambda";
  return is_operation && result.size() == 1 ? Json(result.front()) : result;
}

// The smallest model that has this call, read as any other is: so a layer takes here what it takes in a file.
Shapes call_shapes(const Json& entry, const KerasTensor::Node& call) {
  Json layers = Json::array(), inputs = Json::array();
  const auto input = [&](const KerasTensor::Part& part) {
    const std::string name = fmt::format("/{}", layers.size());
    const Json shape = shape_json(part.node->outputs.at(part.output));
    layers.push_back({{"class_name", "InputLayer"},
                      {"config", {{"batch_input_shape", shape}, {"dtype", "float32"}, {"name", name}}},
                      {"name", name},
                      {"inbound_nodes", Json::array()}});
    inputs.push_back({name, 0, 0});
    return Json{name, 0, 0};
  };
  Json layer = entry;
  layer["name"] = call.layer->name;
  layer["inbound_nodes"] = Json::array({inbound_node(call, input)});
  layers.push_back(std::move(layer));
  const Json outputs = Json::array({Json{call.layer->name, 0, 0}});
  const auto model = parse_model(
      {{"class_name", "Functional"},
       {"config", {{"name", "call"}, {"layers", layers}, {"input_layers", inputs}, {"output_layers", outputs}}}},
      kVersion);
  const ModelLayer& called = model->layers.back();
  Shapes in;
  for (const TensorRef& ref : called.calls.at(0).inputs) in.push_back(model->layers.at(ref.layer).input_shape);
  try {
    if (called.model == nullptr) return called.layer->infer(in);
    if (in.size() != called.model->inputs.size())
      throw Error(ErrorCode::kMismatch, "",
                  fmt::format("expected {} inputs, found {}", called.model->inputs.size(), in.size()));
    return infer_shapes(*called.model, in, [](const auto&, const auto&, const auto&) {});
  } catch (Error& error) {
    throw error.within(fmt::format("layer `{}` ({})", called.name, called.class_name));
  }
}

}  // namespace hoarfrost::keras::builder
