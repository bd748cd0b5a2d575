// Keras' JSON to a Model without weights: Sequential and Functional, of Keras 2 and 3, nested ones among them. Keras
// 0.x and 1 are translated into Keras 2's words first (legacy/).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "keras/model.h"

namespace hoarfrost::keras {

// The JSON of a file's text, which may hold it as a string (json.dump(model.to_json())) and Python's NaN and Infinity.
// Throws Error{kCorrupt} at `place` with the byte where it ceases to be JSON.
Json parse_json(std::string_view text, std::string_view place);

// The same of Keras' YAML (model.to_yaml(), Keras 0.x to 2.5); a tuple is a list. Throws Error{kCorrupt} at `place`
// with the line where it ceases to be YAML.
Json parse_yaml(std::string_view text, std::string_view place);

// "2.15.0", "2.2.4-tf", "3.0.0.dev2024": nullopt when it does not begin with two numbers.
std::optional<Version> parse_version(std::string_view text);
// The Keras that wrote such a model, judged by its dialect, for files that do not say it.
Version version_by_dialect(const Json& json);

// json: {"class_name": "Sequential", "config": …}. Throws Error{kUnsupported} for custom model classes and unknown
// layers, Error{kCorrupt} where the JSON does not follow Keras' scheme.
std::shared_ptr<Model> parse_model(const Json& json, Version version);

// What follows serves parse_model alone.

// class_name without "Custom>" and the like: "keras.layers>Dense" is Dense.
std::string plain_class_name(std::string_view class_name);
bool is_model_class(std::string_view class_name);
// The class with the package that it is registered under, which .keras files keep beside it:
// "Addons>GroupNormalization".
std::string registered_class(const Json& json);
// Whether an entry of "layers" is an operation: TFOpLambda and its kin, or one of Keras 3's Operation nodes (by its
// module).
bool is_operation(const Json& json);
// One entry of a model's "layers": a layer, an InputLayer or a nested model. call_arguments: what its calls are given
// beside tensors (see inbound_nodes.h), handed to the layer as the configuration key `call_arguments`; nullptr for
// nothing.
ModelLayer parse_model_layer(const Json& json, const std::string& name, Version version, const Json* call_arguments,
                             int depth);
std::shared_ptr<Model> parse_nested_model(const Json& json, const std::string& name, Version version, int depth);
void parse_sequential(const Json& config, Model& model, int depth);
void parse_functional(const Json& config, Model& model, int depth);
// "layer `dense` (Dense)" of an entry of "layers", as place_of(ModelLayer).
std::string place_of(const Json& layer, const std::string& name);
// The string under the key, or "".
std::string text_at(const Json& json, std::string_view key);

}  // namespace hoarfrost::keras
