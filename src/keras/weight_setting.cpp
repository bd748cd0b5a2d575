#include "keras/weight_setting.h"

#include <nlohmann/json.hpp>

namespace hoarfrost::keras {
namespace {

const Json* find(const Json& json, std::string_view key) {
  if (!json.is_object()) return nullptr;
  const auto found = json.find(key);
  return found == json.end() || found->is_null() ? nullptr : &*found;
}

// {"class_name", "config"} of a layer within a layer.
const Json* inner_config(const Json* layer) { return layer == nullptr ? nullptr : find(*layer, "config"); }

// "cells/lstm_cell_1/kernel": the cells of one class are numbered from 0, the first one without a number.
const Json* cell_config(const Json& config, const std::string& group) {
  const Json* cells = find(config, "cells");
  if (const Json* cell = inner_config(find(config, "cell")); cells == nullptr && cell != nullptr)
    cells = find(*cell, "cells");
  if (cells == nullptr || !cells->is_array()) return nullptr;
  const size_t underscore = group.find_last_of('_');
  const std::string digits = underscore == std::string::npos ? "" : group.substr(underscore + 1);
  const bool is_numbered =
      !digits.empty() && digits.size() < 5 && digits.find_first_not_of("0123456789") == std::string::npos;
  const size_t i = is_numbered ? static_cast<size_t>(std::stoi(digits)) : 0;
  return i < cells->size() ? inner_config(&cells->at(i)) : nullptr;
}

const Json* wrapped_config(const Json& config, const std::string& part) {
  if (const Json* named = inner_config(find(config, part))) return named;
  return part.ends_with("layer") ? inner_config(find(config, "layer")) : nullptr;
}

// `depthwise_kernel` is configured by `depthwise_initializer`.
std::string stem_of(const std::string& weight) {
  const bool is_part = weight == "depthwise_kernel" || weight == "pointwise_kernel";
  return is_part ? weight.substr(0, weight.find('_')) : weight;
}

const Json* old_setting(const Json& config, const std::string& weight, std::string_view suffix) {
  if (suffix == "initializer")
    return find(config, weight == "recurrent_kernel"                   ? "inner_init"
                        : weight == "kernel" || weight == "embeddings" ? "init"
                                                                       : "");
  const std::string letter = weight == "kernel" || weight == "embeddings" ? "W_"
                             : weight == "recurrent_kernel"               ? "U_"
                             : weight == "bias"                           ? "b_"
                                                                          : "-";
  return find(config, letter + std::string(suffix));
}

}  // namespace

const Json* weight_setting(const Json& layer_config, const std::string& weight, std::string_view suffix) {
  const Json* config = &layer_config;
  std::string rest = weight;
  for (size_t slash = rest.find('/'); slash != std::string::npos && config != nullptr; slash = rest.find('/')) {
    const std::string part = rest.substr(0, slash);
    rest.erase(0, slash + 1);
    if (part == "cells") {
      const std::string group = rest.substr(0, rest.find('/'));
      rest.erase(0, std::min(rest.size(), group.size() + 1));
      config = cell_config(*config, group);
    } else if (const Json* inner = wrapped_config(*config, part)) {
      config = inner;
    }
  }
  if (config == nullptr) return nullptr;
  const std::string key = stem_of(rest) + "_" + std::string(suffix);
  if (const Json* own = find(*config, key)) return own;
  if (const Json* cell = inner_config(find(*config, "cell"))) {
    if (const Json* inner = find(*cell, key)) return inner;
  }
  return old_setting(*config, rest, suffix);
}

}  // namespace hoarfrost::keras
