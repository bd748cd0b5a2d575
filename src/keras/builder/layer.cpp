// Layers, their calls, and the tensors that these give.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/builder/classes.h"
#include "keras/builder/state.h"

namespace hoarfrost::keras {

Argument::Argument(std::string_view text) : json_(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)) {}

Argument::Argument(const std::vector<Argument>& items) : json_("[") {
  for (const Argument& item : items) json_ += (json_.size() > 1 ? "," : "") + (item.is_said() ? item.json() : "null");
  json_ += ']';
}

Argument::Argument(const Object& object) {
  Json config = Json::object();
  for (const auto& [key, value] : object.arguments) {
    if (value.is_said()) config[key] = builder::value_of(value, key);
  }
  json_ = Json{{"class_name", object.class_name}, {"config", config}}.dump();
}

Argument::Argument(const layers::Layer& layer) : json_(builder::entry_of(*layer.state()).dump()) {}

std::string Argument::text_of(double value) { return Json(value).dump(); }

Json builder::value_of(const Argument& argument, const std::string& name) {
  if (!argument.is_said()) return {};
  Json json = Json::parse(argument.json(), nullptr, false);
  if (json.is_discarded())
    throw Error(ErrorCode::kInvalidArgument, name, fmt::format("expected JSON, found {}", argument.json()));
  return json;
}

namespace layers {

KerasTensor::KerasTensor(const std::vector<KerasTensor>& tensors) : is_list_(true) {
  for (const KerasTensor& tensor : tensors) parts_.insert(parts_.end(), tensor.parts_.begin(), tensor.parts_.end());
}

KerasTensor KerasTensor::operator[](size_t i) const {
  if (i >= parts_.size())
    throw Error(ErrorCode::kInvalidArgument, "KerasTensor",
                fmt::format("there are {} tensors, and none of number {}", parts_.size(), i));
  return KerasTensor(std::vector<Part>{parts_[i]});
}

const Shape& KerasTensor::shape() const {
  if (parts_.empty()) throw Error(ErrorCode::kInvalidArgument, "KerasTensor", "a list without tensors has no shape");
  return parts_.front().node->outputs.at(parts_.front().output);
}

Layer::Layer(const std::string& class_name, const Arguments& arguments) : state_(std::make_shared<State>()) {
  Json given = Json::object();
  for (const auto& [key, value] : arguments) {
    if (value.is_said()) given[key] = builder::value_of(value, key);
  }
  state_->class_name = builder::class_name_of(class_name);
  state_->name = given.contains("name") && given.at("name").is_string() ? given.at("name").get<std::string>()
                                                                        : builder::unique_name(state_->class_name);
  state_->config = builder::layer_config(state_->class_name, state_->name, given);
}

Layer::Layer(const KerasTensor& input) {
  const bool is_input = input.size() == 1 && input.parts()[0].node->layer->class_name == "InputLayer";
  if (!is_input)
    throw Error(ErrorCode::kInvalidArgument, "KerasTensor",
                "expected what Input() gives: only that stands for its layer");
  state_ = input.parts()[0].node->layer;
}

const std::string& Layer::name() const { return state_->name; }
const std::string& Layer::class_name() const { return state_->class_name; }

namespace {

// Keras' RNN.__call__ puts the states among the inputs.
bool is_state(const Layer::State& layer, const std::string& argument) {
  const std::string& name = layer.class_name;
  return argument == "initial_state" && (name.ends_with("RNN") || name.ends_with("LSTM") || name.ends_with("GRU") ||
                                         name.starts_with("ConvLSTM") || name == "Bidirectional");
}

std::shared_ptr<KerasTensor::Node> node_of(const std::shared_ptr<Layer::State>& layer, const KerasTensor& inputs,
                                           const CallArguments& arguments) {
  auto node = std::make_shared<KerasTensor::Node>();
  node->layer = layer;
  node->inputs = inputs.parts();
  for (const auto& [key, value] : arguments) {
    if (const auto* tensor = std::get_if<KerasTensor>(&value.value())) {
      if (is_state(*layer, key))
        node->inputs.insert(node->inputs.end(), tensor->parts().begin(), tensor->parts().end());
      else
        node->arguments.emplace_back(key, *tensor);
    } else if (const auto& argument = std::get<Argument>(value.value()); argument.is_said()) {
      node->arguments.emplace_back(key, builder::value_of(argument, key));
    }
  }
  return node;
}

// The first call builds the layer.
void build(Layer::State& layer, const KerasTensor::Node& node) {
  std::vector<Json> shapes;
  const auto add = [&](const builder::Parts& parts) {
    for (const auto& part : parts) shapes.push_back(builder::shape_json(part.node->outputs.at(part.output)));
  };
  add(node.inputs);
  layer.build_shape = shapes.size() == 1 ? shapes.front() : Json(shapes);
  for (const char* name : {"value", "key"}) {  // of a MultiHeadAttention
    for (const auto& [key, value] : node.arguments) {
      if (const auto* tensor = std::get_if<KerasTensor>(&value); tensor != nullptr && key == name) add(tensor->parts());
    }
  }
  if (!layer.network) builder::finish_config(layer.class_name, shapes, layer.config);
}

KerasTensor outputs_of(const std::shared_ptr<const KerasTensor::Node>& node) {
  std::vector<KerasTensor::Part> parts;
  for (size_t i = 0; i < node->outputs.size(); ++i) parts.push_back({node, i});
  return KerasTensor(std::move(parts));
}

}  // namespace

KerasTensor Layer::operator()(const KerasTensor& inputs, const CallArguments& arguments) const {
  if (inputs.size() == 0)
    throw Error(ErrorCode::kInvalidArgument, fmt::format("layer `{}` ({})", name(), class_name()),
                "is called without a tensor");
  const auto node = node_of(state_, inputs, arguments);
  node->outputs = builder::call_shapes(builder::entry_of(*state_), *node);
  node->index = state_->n_calls++;
  if (state_->build_shape.is_null()) build(*state_, *node);
  return outputs_of(node);
}

KerasTensor Input(const Argument& shape, const InputOptions& options) {
  const Json given = builder::value_of(shape, "Input");
  if (!given.is_array())
    throw Error(ErrorCode::kInvalidArgument, "Input",
                fmt::format("expected a shape without the batch, as {{28, 28, 1}}, found {}", given.dump()));
  Json whole =
      Json::array({options.batch_size.is_said() ? builder::value_of(options.batch_size, "batch_size") : Json()});
  whole.insert(whole.end(), given.begin(), given.end());
  std::vector<int64_t> sizes;
  for (const Json& size : whole) {
    const bool is_size = size.is_null() || (size.is_number_integer() && size.get<int64_t>() >= 0);
    if (!is_size)
      throw Error(ErrorCode::kInvalidArgument, "Input", fmt::format("expected sizes, found {}", given.dump()));
    sizes.push_back(size.is_null() ? kUnknown : size.get<int64_t>());
  }
  const std::string name = options.name.is_said() ? builder::value_of(options.name, "name").get<std::string>()
                                                  : builder::unique_input_name();
  const Layer layer("InputLayer", {{"name", name}});
  layer.state()->config = {{"batch_input_shape", whole},
                           {"dtype", builder::value_of(options.dtype, "dtype")},
                           {"sparse", false},
                           {"ragged", false},
                           {"name", name}};
  auto node = std::make_shared<KerasTensor::Node>();
  node->layer = layer.state();
  node->outputs = {Shape(sizes)};
  ++layer.state()->n_calls;
  return outputs_of(node);
}

}  // namespace layers
}  // namespace hoarfrost::keras
