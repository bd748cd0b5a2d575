// What Keras 2.15's layers find out when they are built.
#include <nlohmann/json.hpp>

#include "keras/builder/classes.h"

namespace hoarfrost::keras::builder {
namespace {

// -1 is the last axis of `rank`; one axis becomes a list (BatchNormalization, LayerNormalization, UnitNormalization).
Json resolved_axes(const Json& axis, size_t rank) {
  Json axes = axis.is_array() ? axis : Json::array({axis});
  for (Json& each : axes) {
    if (each.is_number_integer() && each.get<int64_t>() < 0) each = each.get<int64_t>() + static_cast<int64_t>(rank);
  }
  return axes;
}

// RNN builds its cells itself: on [batch, features], in a StackedRNNCells each on what the one before gives.
void build_cell(Json& cell, const Json& batch, Json features) {
  if (cell.value("class_name", "") == "StackedRNNCells") {
    for (Json& inner : cell.at("config").at("cells")) {
      build_cell(inner, batch, features);
      features = inner.at("config").value("units", Json());
    }
    return;
  }
  cell["build_config"] = {{"input_shape", Json::array({batch, features})}};
}

}  // namespace

void finish_config(const std::string& class_name, const std::vector<Json>& inputs, Json& config) {
  const auto rank = inputs.empty() ? 0 : inputs.front().size();
  if (class_name.ends_with("BatchNormalization") || class_name == "LayerNormalization" ||
      class_name == "UnitNormalization") {
    config["axis"] = resolved_axes(config.at("axis"), rank);
  } else if (class_name == "MultiHeadAttention" && inputs.size() >= 2) {
    if (config.at("attention_axes").is_null()) {  // all but batch and features
      for (size_t axis = 1; axis + 1 < rank; ++axis) config["attention_axes"].push_back(axis);
    }
    config["query_shape"] = inputs[0];
    config["key_shape"] = inputs[inputs.size() > 2 ? 2 : 1];
    config["value_shape"] = inputs[1];
  } else if (class_name == "RNN" && rank == 3) {
    build_cell(config.at("cell"), inputs.front().at(0), inputs.front().at(2));
  }
}

}  // namespace hoarfrost::keras::builder
