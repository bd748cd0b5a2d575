// TensorFlow's ops as the Python functions of the same meaning: for nodes that Keras keeps by themselves.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "keras/config.h"

namespace hoarfrost::keras {

struct FunctionCall {
  std::string_view function;  // as TFOpLambda names it
  Json arguments;             // by name
};

// inputs: {"tensor": i} or the constant. Throws Error{kUnsupported} for an op that is none of tensorflow_ops(), for
// attributes that change its meaning otherwise, and where an input must be a constant and is none.
FunctionCall function_of(const std::string& op, const std::vector<Json>& inputs,
                         const std::map<std::string, Json>& attributes, const Config& config);

std::vector<std::string_view> tensorflow_ops();

}  // namespace hoarfrost::keras
