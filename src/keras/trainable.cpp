#include "keras/trainable.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

// In the layer's own configuration and in those of the layers and cells that it wraps.
void expect_no_inner_dropout(const Json& config) {
  if (config.is_array()) {
    for (const Json& item : config) expect_no_inner_dropout(item);
  }
  if (!config.is_object()) return;
  for (const char* key : {"dropout", "recurrent_dropout", "dropout_W", "dropout_U"}) {
    const auto found = config.find(key);
    if (found != config.end() && found->is_number() && found->get<double>() > 0) {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("cannot be trained with {} = {}: set it to 0 in the configuration, or put a Dropout layer before it", key, found->get<double>()));
    }
  }
  for (const char* key : {"layer", "backward_layer", "cell", "cells", "config"}) {
    if (const auto found = config.find(key); found != config.end()) expect_no_inner_dropout(*found);
  }
}

}  // namespace

void expect_trainable(const ModelLayer& layer) {
  if (std::string_view(layer.class_name).starts_with("Random")) {
    throw Error(ErrorCode::kUnsupported, "", "augments at random in training, which is not done within the graph: take the layer out, or use --augment");
  }
  if (layer.config != nullptr) expect_no_inner_dropout(*layer.config);
}

}  // namespace hoarfrost::keras
