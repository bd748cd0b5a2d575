// TensorFlow's NodeDef as Keras' TensorFlowOpLayer keeps it: as JSON (TensorFlow 2.1 to 2.15) or as protobuf's bytes in
// a string (2.0). Only what a layer's meaning needs of it.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "keras/config.h"

namespace hoarfrost::keras {

struct NodeDefinition {
  std::string op;
  size_t n_inputs = 0;  // data inputs; control inputs are none
  // By name: numbers, booleans, texts, and lists of them; types as Keras spells them ("float32"). What an attribute of
  // another kind holds (a function, a tensor) is the text "?".
  std::map<std::string, Json> attributes;

  // Throws Error{kCorrupt} for what is no NodeDef.
  static NodeDefinition parse(const Json& node, const Config& config);
};

}  // namespace hoarfrost::keras
