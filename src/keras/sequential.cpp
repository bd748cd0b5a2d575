// Sequential: a chain of layers, each called once on what the one before gives.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>
#include <set>

#include "keras/architecture.h"

namespace hoarfrost::keras {
namespace {

Shape shape_of(const Json& json, std::string_view where) {
  std::vector<int64_t> sizes;
  for (const Json& size : json) {
    const bool is_size = size.is_number_integer() && size.get<int64_t>() >= 0;
    if (!size.is_null() && !is_size)
      throw Error(ErrorCode::kCorrupt, where, fmt::format("expected a shape, found {}", json.dump()));
    sizes.push_back(size.is_null() ? kUnknown : size.get<int64_t>());
  }
  return Shape(std::move(sizes));
}

// The shape, batch included, that the first layer's configuration promises; nullopt when it says nothing.
std::optional<Shape> declared_shape(const Json& config, const std::string& class_name, std::string_view where) {
  const auto get = [&](const char* key) -> const Json* {
    const auto found = config.find(key);
    return found == config.end() || found->is_null() ? nullptr : &*found;
  };
  for (const auto* key : {"batch_input_shape", "batch_shape"}) {
    if (const Json* shape = get(key); shape != nullptr && shape->is_array()) return shape_of(*shape, where);
  }
  const auto with_batch = [](std::vector<int64_t> sizes) {
    sizes.insert(sizes.begin(), kUnknown);
    return Shape(std::move(sizes));
  };
  if (const Json* shape = get("input_shape"); shape != nullptr && shape->is_array())
    return with_batch(shape_of(*shape, where).sizes());
  if (class_name == "Embedding") {  // its input_dim is the vocabulary
    const Json* length = get("input_length");
    return with_batch({length != nullptr && length->is_number_integer() ? length->get<int64_t>() : kUnknown});
  }
  if (const Json* size = get("input_dim"); size != nullptr && size->is_number_integer()) {
    const Json* length = get("input_length");
    if (length != nullptr && length->is_number_integer())
      return with_batch({length->get<int64_t>(), size->get<int64_t>()});
    return with_batch({size->get<int64_t>()});
  }
  return {};
}

// The shape under build_input_shape, which a Sequential without InputLayer writes once it has seen data.
std::optional<Shape> built_shape(const Json& config) {
  if (!config.is_object()) return {};
  const auto found = config.find("build_input_shape");
  if (found == config.end() || !found->is_array() || found->empty()) return {};
  return shape_of(*found, "build_input_shape");
}

// Keras gives the input its first layer's variable type.
DType input_dtype(const Json& first, std::string_view where) {
  std::string name = text_at(first, "input_dtype");
  if (name.empty()) name = text_at(first, "dtype");
  if (name.empty() || name.starts_with("mixed_")) return DType::kFloat32;
  if (const auto dtype = dtype_from_name(name)) return *dtype;
  throw Error(ErrorCode::kUnsupported, where, fmt::format("unknown input dtype `{}`", name));
}

// The configuration of the first layer that is no model, within Sequentials that begin with Sequentials.
const Json* first_config(const Json& layers, std::string& class_name, int depth = 0) {
  if (depth > 32 || layers.empty() || !layers.front().is_object() || !layers.front().contains("config")) return nullptr;
  const Json& config = layers.front().at("config");
  class_name = plain_class_name(text_at(layers.front(), "class_name"));
  if (class_name == "Sequential") {
    if (config.is_array()) return first_config(config, class_name, depth + 1);
    return config.contains("layers") ? first_config(config.at("layers"), class_name, depth + 1) : nullptr;
  }
  if (is_model_class(class_name)) {  // a Functional model begins with its own InputLayer
    return config.is_object() && config.contains("layers") ? first_config(config.at("layers"), class_name, depth + 1)
                                                           : nullptr;
  }
  return config.is_object() ? &config : nullptr;
}

ModelLayer implied_input(const Json& config, const Json& layers, const Model& model) {
  ModelLayer input;
  input.is_input = true;
  input.class_name = "InputLayer";
  input.input_shape = Shape::unknown_rank();
  std::string class_name;
  const Json* first = first_config(layers, class_name);
  const std::string where = fmt::format("model `{}`", model.name);
  std::optional<Shape> shape;
  if (first != nullptr) {
    shape = declared_shape(*first, class_name, where);
    input.input_dtype = input_dtype(*first, where);
  }
  if (!shape) shape = built_shape(config);
  if (shape) input.input_shape = *shape;
  const Json& front = layers.front();
  std::string name =
      front.contains("config") && front.at("config").is_object() ? text_at(front.at("config"), "name") : "";
  if (name.empty()) name = model.name;
  input.name = name + "_input";
  return input;
}

}  // namespace

void parse_sequential(const Json& config, Model& model, int depth) {
  const auto found = config.is_object() ? config.find("layers") : config.end();
  if (!config.is_array() && (found == config.end() || !found->is_array()))
    throw Error(ErrorCode::kCorrupt, "", "a Sequential model without a list of `layers`");
  const Json& layers = config.is_array() ? config : *found;
  if (layers.empty()) throw Error(ErrorCode::kUnsupported, "", "a Sequential model without layers");

  std::set<std::string> names;
  for (const Json& json : layers) {
    if (!json.is_object())
      throw Error(ErrorCode::kCorrupt, "", fmt::format("expected a layer, found {}", json.dump().substr(0, 60)));
    const std::string class_name = plain_class_name(text_at(json, "class_name"));
    if (model.layers.empty() && class_name != "InputLayer") {
      model.layers.push_back(implied_input(config, layers, model));
      names.insert(model.layers.back().name);
    }
    std::string name =
        json.contains("config") && json.at("config").is_object() ? text_at(json.at("config"), "name") : "";
    if (name.empty()) name = text_at(json, "name");
    for (int i = 1; name.empty(); ++i) {  // old configurations are lists, which have no name
      if (const std::string candidate = fmt::format("sequential_{}", i); !names.contains(candidate)) name = candidate;
    }
    if (!names.insert(name).second)
      throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}`", name), "two layers have this name");
    ModelLayer layer = parse_model_layer(json, name, model.version, nullptr, depth);
    if (layer.is_input && !model.layers.empty())
      throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}`", name), "an InputLayer amid a Sequential model");
    if (!layer.is_input) {
      // What a nested model with several outputs gives, the next layer takes whole.
      const ModelLayer& before = model.layers.back();
      const size_t n = before.model ? before.model->outputs.size() : 1;
      Call call;
      for (size_t output = 0; output < n; ++output) call.inputs.push_back({model.layers.size() - 1, 0, output});
      layer.calls.push_back(std::move(call));
    }
    model.layers.push_back(std::move(layer));
  }
  const ModelLayer& last = model.layers.back();
  model.inputs = {{0, 0, 0}};
  for (size_t output = 0; output < (last.model ? last.model->outputs.size() : 1); ++output)
    model.outputs.push_back({model.layers.size() - 1, 0, output});
}

}  // namespace hoarfrost::keras
