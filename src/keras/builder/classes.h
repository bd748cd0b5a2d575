// What Keras 2.15's classes are like when nobody says otherwise (classes.inc, made by tools/make_keras_classes.py).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keras/config.h"

namespace hoarfrost::keras::builder {

// The class's own name for it or an alias ("MaxPool2D" is MaxPooling2D); another name stays.
std::string class_name_of(std::string_view name);

// The arguments of the class's constructor that may be given by position, in order; none of a class that Keras 2.15 has
// not.
std::vector<std::string> positional_arguments(const std::string& class_name);

// The configuration that get_config() gives for a layer of that name and class that was made with these arguments.
// Throws Error{kInvalidArgument} for an argument that the class has not, or one that is missing.
Json layer_config(const std::string& class_name, const std::string& name, const Json& arguments);

// {"module", "class_name", "config", "registered_name"} as Keras 2.15 serializes a layer.
Json serialized(const std::string& class_name, Json config);

// What build() of Keras 2.15 changes in its configuration, once the shapes of its inputs are known: axis -1 of a
// BatchNormalization becomes [3], a MultiHeadAttention keeps query_shape, a cell its own build_config.
// inputs: as in JSON, [null, 32, 32, 3].
void finish_config(const std::string& class_name, const std::vector<Json>& inputs, Json& config);

}  // namespace hoarfrost::keras::builder
