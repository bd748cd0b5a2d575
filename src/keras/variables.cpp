#include "keras/variables.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "keras/architecture.h"
#include "keras/legacy_order.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

using Specs = std::map<const ModelLayer*, std::vector<WeightSpec>>;

// Where a weight stands within its layer: by Keras 2.15's variable name, and by the groups of the newer layout.
struct VariablePlace {
  std::string name;
  std::string part;
};

std::string joined(const std::string& front, const std::string& back) {
  return front.empty() || back.empty() ? front + back : front + "/" + back;
}

// What follows the first '/'; the whole where there is none.
std::string_view behind_slash(std::string_view name) { return name.substr(name.find('/') + 1); }

const Json& config_in(const Json& config, const char* key) {
  static const Json kNone = Json::object();
  const auto found = config.is_object() ? config.find(key) : config.end();
  return found != config.end() && found->is_object() && found->contains("config") ? found->at("config") : kNone;
}

std::string class_in(const Json& config, const char* key) {
  const auto found = config.is_object() ? config.find(key) : config.end();
  return found != config.end() && found->is_object() ? plain_class_name(text_at(*found, "class_name")) : "";
}

std::string name_in(const Json& config, const std::string& class_name) {
  const std::string name = config.is_object() ? text_at(config, "name") : "";
  return name.empty() ? snake_case(class_name) : name;
}

// What Keras puts between a layer's name and a weight's of the one cell that it is made around; nullopt for other
// layers.
std::optional<std::string> cell_prefix(std::string_view class_name) {
  if (class_name == "LSTM") return "lstm_cell/";
  if (class_name == "GRU") return "gru_cell/";
  if (class_name == "SimpleRNN") return "simple_rnn_cell/";
  if (class_name == "QLSTM" || class_name == "QGRU" || class_name == "QSimpleRNN")
    return snake_case(std::string(class_name) + "Cell") + "/";
  if (class_name.starts_with("ConvLSTM") && !class_name.ends_with("Cell")) return "";
  return {};
}

// spec: "kernel", or behind "cells/GROUP/" for stacked cells.
VariablePlace place_in_cell(const std::string& class_name, const Json& config, std::string_view spec) {
  const std::string name = name_in(config, class_name);
  if (!spec.starts_with("cells/")) return {fmt::format("{}/{}", name, spec), ""};
  const std::string_view rest = behind_slash(spec);  // "lstm_cell_1/kernel"
  const std::string group(rest.substr(0, rest.find('/')));
  std::string cell = group;
  // The group counts cells of a class; the name is the cell's own.
  std::map<std::string, int> used;
  const auto cells = config.find("cells");
  if (cells != config.end() && cells->is_array()) {
    for (const Json& json : *cells) {
      const std::string inner_class = json.is_object() ? plain_class_name(text_at(json, "class_name")) : "";
      const std::string base = snake_case(inner_class);
      const int n = used[base]++;
      if ((n == 0 ? base : fmt::format("{}_{}", base, n)) == group && json.contains("config"))
        cell = name_in(json.at("config"), inner_class);
    }
  }
  return {fmt::format("{}/{}/{}", name, cell, behind_slash(rest)), "cells/" + group};
}

VariablePlace place_in(const std::string& class_name, const Json& config, const std::string& spec) {
  if (const auto prefix = cell_prefix(class_name)) return {*prefix + spec, "cell"};
  if (class_name == "RNN") {
    VariablePlace inner = place_in_cell(class_in(config, "cell"), config_in(config, "cell"), behind_slash(spec));
    return {inner.name, joined("cell", inner.part)};
  }
  const bool is_of_normalized = class_name == "SpectralNormalization" && spec.starts_with("layer/");
  if (class_name == "TimeDistributed" || is_of_normalized) {
    VariablePlace inner =
        place_in(class_in(config, "layer"), config_in(config, "layer"), std::string(behind_slash(spec)));
    return {inner.name, joined("layer", inner.part)};
  }
  if (class_name == "Bidirectional" || class_name == "QBidirectional") {
    const bool is_backward = spec.starts_with("backward_layer/");
    const char* key = is_backward && !class_in(config, "backward_layer").empty() ? "backward_layer" : "layer";
    const std::string inner_class = class_in(config, key);
    const VariablePlace inner = place_in(inner_class, config_in(config, key), std::string(behind_slash(spec)));
    return {fmt::format("{}_{}/{}", is_backward ? "backward" : "forward", name_in(config_in(config, key), inner_class),
                        inner.name),
            joined(is_backward ? "backward_layer" : "forward_layer", inner.part)};
  }
  const size_t slash = spec.rfind('/');
  return {spec, slash == std::string::npos ? "" : spec.substr(0, slash)};
}

std::vector<LayerVariables> collect(const Model& model, const Specs& specs) {
  std::vector<LayerVariables> result;
  for (const ModelLayer& layer : model.layers) {
    LayerVariables variables;
    variables.layer = &layer;
    if (layer.model) {
      variables.layers = collect(*layer.model, specs);
    } else if (const auto found = specs.find(&layer); found != specs.end()) {
      for (size_t i = 0; i < found->second.size(); ++i) {
        VariablePlace place = place_in(layer.class_name, *layer.config, found->second[i].name);
        if (!found->second[i].group.empty()) place.part = found->second[i].group;
        variables.own.push_back(
            {&layer, i, found->second[i],
             place.name == kStoredByName ? "Variable:0" : fmt::format("{}/{}:0", layer.name, place.name), place.part});
      }
    }
    result.push_back(std::move(variables));
  }
  return result;
}

}  // namespace

bool LayerVariables::empty() const {
  return own.empty() && std::ranges::all_of(layers, [](const LayerVariables& inner) { return inner.empty(); });
}

std::vector<LayerVariables> variables_of(const Model& model) {
  Specs specs;
  infer_shapes(model, input_shapes(model), [&](const ModelLayer& layer, const Shapes& in, const Shapes&) {
    if (!specs.contains(&layer)) specs.emplace(&layer, layer.layer->weights(in));
  });
  return collect(model, specs);
}

std::vector<Variable> legacy_order(const LayerVariables& layer) { return in_legacy_order(layer); }

std::vector<Variable> trainable_variables(const Model& model) {
  std::vector<Variable> result;
  for (const LayerVariables& layer : variables_of(model))
    std::ranges::copy(trainable_and_others(layer).first, std::back_inserter(result));
  return result;
}

const Tensor& value_of(const Variable& variable) {
  const auto& weights = variable.layer->weights;
  if (variable.index < weights.size() && !weights[variable.index].empty()) return weights[variable.index];
  throw Error(ErrorCode::kInvalidArgument, place_of(*variable.layer),
              fmt::format("has no values for its weight `{}`: load the model with its weights, or initialise them",
                          variable.spec.name));
}

std::string stored_class_name(const ModelLayer& layer, bool is_distributed) {
  const bool is_wrapped = is_distributed && layer.class_name == "TimeDistributed" && !layer.model;
  const std::string name = is_wrapped ? class_in(*layer.config, "layer") : plain_class_name(layer.class_name);
  if (name == "GroupQueryAttention")
    return "GroupedQueryAttention";  // the class, which Keras 3 exports by the shorter name
  if (name == "SyncBatchNormalization") return "BatchNormalization";  // as Keras 3 has it
  return name == "Model" ? "Functional" : name;
}

std::string snake_case(std::string_view name) {
  const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
  const auto is_lower = [](char c) { return c >= 'a' && c <= 'z'; };
  // (.)([A-Z][a-z]+) and then ([a-z])([A-Z]) get a `_` between.
  std::string words;
  for (size_t i = 0; i < name.size();) {
    if (i + 2 < name.size() && is_upper(name[i + 1]) && is_lower(name[i + 2])) {
      words += name[i];
      words += '_';
      words += name[i + 1];
      for (i += 2; i < name.size() && is_lower(name[i]); ++i) words += name[i];
    } else {
      words += name[i++];
    }
  }
  std::string result;
  for (size_t i = 0; i < words.size(); ++i) {
    result += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
    if (i + 1 < words.size() && is_lower(words[i]) && is_upper(words[i + 1])) result += '_';
  }
  return result;
}

}  // namespace hoarfrost::keras
