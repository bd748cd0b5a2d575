// One layer's configuration, from Keras 2's keys to Keras 3's and back.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/dialect.h"
#include "keras/dialect_keys.h"

namespace hoarfrost::keras {
namespace {

bool is_among(std::string_view name, std::string_view classes) {
  if (classes.empty()) return true;
  while (!classes.empty()) {
    const std::string_view item = classes.substr(0, classes.find(' '));
    classes.remove_prefix(std::min(classes.size(), item.size() + 1));
    if (item.ends_with('*') ? name.starts_with(item.substr(0, item.size() - 1)) : item == name) return true;
  }
  return false;
}

bool is_object_of_class(const Json& json) {
  return json.is_object() && json.contains("class_name") && json.contains("config");
}

// Without the numbers by which Keras 3 marks objects that stand in several places.
Json without_marks(const Json& json) {
  if (!json.is_structured()) return json;
  Json result = json.is_array() ? Json::array() : Json::object();
  for (const auto& [key, value] : json.items()) {
    if (json.is_array())
      result.push_back(without_marks(value));
    else if (key != "shared_object_id")
      result[key] = without_marks(value);
  }
  return result;
}

class LayerTranslator {
 public:
  LayerTranslator(Dialect dialect, Version version, std::string class_name, std::string place)
      : dialect_(dialect), version_(version), class_name_(std::move(class_name)), place_(std::move(place)) {}

  Json translate(const Json& config) {
    check_meaning(config);
    Json result = config;
    if (!config.is_object()) return result;
    if (!is_same_keras()) {
      check_class();
      result = Json::object();
      for (const auto& [key, value] : config.items()) {
        if (!is_left_out(key, value, config)) result[renamed(key)] = value_of(key, value);
      }
      // Keras 2.15 wants the type of the indices; Keras 3 has the policy's there and gives int64 all the same.
      const bool gives_indices = class_name_.ends_with("Lookup") && text_at(config, "output_mode") == "int";
      if (gives_indices && !is_to_3()) result["dtype"] = "int64";
      if (class_name_ == "TextVectorization" && !is_to_3()) result["dtype"] = "string";
    }
    // Keras before 2.4 wrote it only where it was asked for; for the newer ones nothing means true.
    if ((class_name_ == "GRU" || class_name_ == "GRUCell") && !result.contains("reset_after"))
      result["reset_after"] = false;
    if (is_same_keras()) {
      for (const char* key : {"layer", "backward_layer", "cell"}) {
        if (!config.contains(key) || !is_object_of_class(config.at(key))) continue;
        LayerTranslator inner(dialect_, version_, plain_class_name(text_at(config.at(key), "class_name")), place_);
        result[key]["config"] = inner.translate(config.at(key).at("config"));
      }
    }
    return result;
  }

 private:
  [[nodiscard]] bool is_to_3() const { return dialect_ == Dialect::kKeras3; }
  [[nodiscard]] bool is_same_keras() const { return (version_.major >= 3) == is_to_3(); }
  [[nodiscard]] bool is_old() const { return version_ < Version{2, 4} && !version_.is_tf_keras; }

  void check_class() const {
    const bool is_foreign = is_to_3() ? std::ranges::count(kClassesOnlyKeras2, class_name_) > 0
                                      : std::ranges::count(kClassesOnlyKeras3, class_name_) > 0;
    if (is_foreign)
      cannot_say(dialect_, place_, fmt::format("`{}` is a layer of Keras {} alone", class_name_, is_to_3() ? 2 : 3));
  }

  void check_meaning(const Json& config) const {
    if (!config.is_object()) return;
    if (class_name_ == "UpSampling2D" && is_old() && text_at(config, "interpolation") == "bilinear") {
      cannot_say(dialect_, place_, "bilinear interpolation was another one before Keras 2.4");
    }
    if (class_name_ == "MultiHeadAttention" && !is_to_3() && !config.contains("query_shape"))
      cannot_say(dialect_, place_, "Keras 2.15 builds it from the shapes of its inputs, which the file does not say");
    if (is_same_keras()) return;
    const auto output_shape = config.find("output_shape");
    if (is_to_3() && class_name_ == "MultiHeadAttention" && output_shape != config.end() && output_shape->is_number())
      cannot_say(dialect_, place_, "`output_shape` is one number, on which Keras 3.15 fails when the model runs");
    if (is_to_3() && class_name_ == "SeparableConv1D" && text_at(config, "padding") == "causal")
      cannot_say(dialect_, place_, "`padding` is causal");
    if (is_to_3() && class_name_ == "RandomCrop")
      cannot_say(dialect_, place_, "Keras 3 leaves pictures larger than the crop as they are outside training");
    if (!is_to_3() && class_name_ == "TextVectorization" && config.contains("ngrams") && config.at("ngrams").is_array())
      cannot_say(dialect_, place_, "`ngrams` is a list, which Keras 2.15 does not read");
    const std::string interpolation = text_at(config, "interpolation");
    if (is_to_3() && (interpolation == "area" || interpolation == "gaussian" || interpolation == "mitchellcubic"))
      cannot_say(dialect_, place_, fmt::format("`interpolation` is {}, which Keras 3 has not", interpolation));
    for (const auto& [key, value] : config.items()) {
      if (!key.ends_with("activation")) continue;
      if (is_to_3() && is_written_function(value))
        cannot_say(dialect_, place_, fmt::format("`{}` is its author's function, written down in Keras 2's form", key));
      const std::string name = value.is_string() ? value.get<std::string>()
                               : is_object_of_class(value) && value.at("config").is_string()
                                   ? value.at("config").get<std::string>()
                                   : "";
      const bool is_function = is_to_3() && text_at(value, "class_name") == "function";
      if (is_function && std::ranges::count(kActivationsOfKeras2, name) == 0)
        cannot_say(dialect_, place_,
                   fmt::format("`{}` is the function {}, which is no activation of Keras'", key, name));
      if (name == "hard_sigmoid")
        cannot_say(dialect_, place_, fmt::format("`{}` is hard_sigmoid, which is another function in Keras 3", key));
      if (!is_to_3() && !name.empty() && std::ranges::count(kActivationsOfKeras2, name) == 0)
        cannot_say(dialect_, place_, fmt::format("`{}` is {}, an activation of Keras 3 alone", key, name));
    }
  }

  // Bytecode, default arguments and closure.
  [[nodiscard]] static bool is_written_function(const Json& value) {
    return value.is_array() || (value.is_object() && value.contains("value"));
  }

  [[nodiscard]] bool is_left_out(const std::string& key, const Json& value, const Json& config) const {
    if (key == "shared_object_id") return true;
    if (class_name_ == "Bidirectional" && key == "backward_layer") return !is_to_3() && is_mirror(value, config);
    if (class_name_ == "InputLayer" && (key == "batch_input_shape" || key == "batch_shape")) return false;
    const auto find_in = [&](const auto& keys) {
      return std::ranges::find_if(
          keys, [&](const Key& item) { return item.name == key && is_among(class_name_, item.classes); });
    };
    const Key* found = nullptr;
    if (is_to_3()) {
      if (const auto* at = find_in(kOnlyKeras2); at != std::end(kOnlyKeras2)) found = at;
    } else if (const auto* at = find_in(kOnlyKeras3); at != std::end(kOnlyKeras3)) {
      found = at;
    }
    if (found == nullptr ||
        ((key == "activity_regularizer" || key == "zero_output_for_mask") && value.dump() != found->idle))
      return false;
    if (found->idle != "*" && !value.is_null() && value.dump() != found->idle)
      cannot_say(dialect_, place_, fmt::format("`{}` is {}", key, value.dump().substr(0, 60)));
    return true;
  }

  // Whether a Bidirectional's backward layer is the forward one, turned: Keras 2 makes it of that then.
  static bool is_mirror(const Json& backward, const Json& config) {
    if (backward.is_null()) return true;
    if (!config.contains("layer") || !is_object_of_class(backward) || !is_object_of_class(config.at("layer")))
      return false;
    const auto plain = [](const Json& layer) {
      Json inner = layer.at("config");
      for (const char* key : {"name", "go_backwards", "dtype", "seed"}) inner.erase(key);
      return without_marks(inner).dump();
    };
    const Json& forward = config.at("layer");
    const auto is_backwards = [](const Json& layer) {
      return layer.at("config").value("go_backwards", Json(false)) == true;
    };
    return forward.at("class_name") == backward.at("class_name") && is_backwards(forward) != is_backwards(backward) &&
           plain(forward) == plain(backward);
  }

  [[nodiscard]] std::string renamed(const std::string& key) const {
    if (class_name_ == "InputLayer" && (key == "batch_input_shape" || key == "batch_shape"))
      return is_to_3() ? "batch_shape" : "batch_input_shape";
    if (class_name_ == "LeakyReLU" && (key == "alpha" || key == "negative_slope"))
      return is_to_3() ? "negative_slope" : "alpha";
    return key;
  }

  Json value_of(const std::string& key, const Json& value) {
    if (key == "dtype") return dtype_of(value);
    if (class_name_ == "BatchNormalization" && key == "axis" && is_to_3() && value.is_array()) {
      if (value.size() != 1) cannot_say(dialect_, place_, "it normalises over several axes");
      return Json(value.front());
    }
    if (key == "cells" && value.is_array()) {
      Json cells = Json::array();
      for (const Json& cell : value) cells.push_back(object_of(key, cell));
      return cells;
    }
    if (value.is_object() && text_at(value, "class_name") == "__tuple__" && value.contains("items"))
      return value.at("items");
    return is_object_of_class(value) ? object_of(key, value) : value;
  }

  Json dtype_of(const Json& value) const {
    std::string name = value.is_string() ? value.get<std::string>() : "float32";
    if (is_object_of_class(value)) {
      const std::string policy = text_at(value, "class_name");
      if (!policy.ends_with("Policy") || policy.starts_with("Quantized"))
        cannot_say(dialect_, place_, fmt::format("`dtype` is a {}", policy));
      name = text_at(value.at("config"), "name");
    }
    if (class_name_ == "InputLayer") return name;
    if (is_to_3()) return with_module(dialect_, "keras", "DTypePolicy", {{"name", name}}, nullptr);
    if (!name.starts_with("mixed_")) return name;
    return with_module(Dialect::kJson, "keras.mixed_precision", "Policy", {{"name", name}}, nullptr);
  }

  // An inner layer, an initializer, a regularizer, a constraint, or a function.
  Json object_of(const std::string& key, const Json& value) {
    if (!is_object_of_class(value)) return value;
    const std::string name = plain_class_name(text_at(value, "class_name"));
    if (name == "function") return value;
    if (key == "layer" || key == "backward_layer" || key == "cell" || key == "cells" || key.ends_with("activation")) {
      const Dialect inner =
          dialect_ == Dialect::kHdf5 ? Dialect::kJson : dialect_;  // here Keras 2.15's HDF5 has modules too
      return layer_in(inner, value, value.at("config").is_object() ? text_at(value.at("config"), "name") : name,
                      version_);
    }
    std::string_view module;
    if (key.ends_with("_initializer"))
      module = "keras.initializers";
    else if (key.ends_with("_regularizer"))
      module = "keras.regularizers";
    else if (key.ends_with("_constraint"))
      module = "keras.constraints";
    else
      return value;
    Json config = value.at("config").is_object() ? value.at("config") : Json::object();
    config.erase(is_to_3() ? "dtype" : "shared_object_id");
    for (const char* axes : {"input_axes", "output_axes"}) {
      if (is_to_3() || !config.contains(axes)) continue;
      if (!config.at(axes).is_null()) cannot_say(dialect_, place_, fmt::format("`{}` has {}", key, axes));
      config.erase(axes);
    }
    return with_module(Dialect::kJson, module, name, std::move(config), nullptr);
  }

  Dialect dialect_;
  Version version_;
  std::string class_name_;
  std::string place_;
};

}  // namespace

namespace {

// Layers of keras.applications, which Keras finds in their modules.
std::string_view module_of(std::string_view class_name) {
  if (class_name == "LayerScale") return "keras.src.applications.convnext";
  if (class_name == "CustomScaleLayer") return "keras.src.applications.inception_resnet_v2";
  return "keras.layers";
}

// "Package>Class", by which Keras 2.15 finds a class that was registered with a package; "" for Keras' own.
std::string registered_name_of(const Json& entry) {
  for (const char* key : {"registered_name", "class_name"}) {
    if (const std::string name = text_at(entry, key); name.find('>') != std::string::npos) return name;
  }
  return "";
}

}  // namespace

Json layer_in(Dialect dialect, const Json& entry, const std::string& name, Version version) {
  std::string class_name = plain_class_name(text_at(entry, "class_name"));
  const std::string place = fmt::format("layer `{}` ({})", name, class_name);
  const std::string module = text_at(entry, "module");
  const bool is_older = dialect != Dialect::kKeras3 && version.major >= 3;
  if (is_older && class_name != "Lambda" && is_operation(entry))
    cannot_say(dialect, place, "it is an operation of Keras 3");
  if (dialect == Dialect::kKeras3) {
    if (const LayerSpec* spec = find_layer(class_name)) class_name = spec->class_names.front();
  }
  std::string registered = registered_name_of(entry);
  const std::string_view own_module = module_of(class_name);
  if (own_module != "keras.layers" && (registered.empty() || dialect == Dialect::kKeras3))
    registered = class_name == "CustomScaleLayer" && dialect != Dialect::kKeras3 ? "Custom>" + class_name : class_name;
  expect_known_package(dialect, registered, place);
  Json result = with_module(dialect, module.starts_with("keras.") ? std::string_view(module) : own_module,
                            dialect == Dialect::kHdf5 && !registered.empty() ? registered : class_name,
                            is_older && class_name == "Lambda"
                                ? lambda_in_keras2(dialect, entry.at("config"), place, version)
                                : LayerTranslator(dialect, version, class_name, place).translate(entry.at("config")),
                            registered.empty() ? Json() : Json(registered));
  const bool is_same_keras = (version.major >= 3) == (dialect == Dialect::kKeras3);
  if (is_same_keras && dialect != Dialect::kHdf5 && entry.contains("build_config"))
    result["build_config"] = entry.at("build_config");
  return result;
}

Json input_layer_in(Dialect dialect, const ModelLayer& input) {
  Json shape = Json::array();
  for (const int64_t size : input.input_shape.sizes()) shape.push_back(size == kUnknown ? Json() : Json(size));
  Json config = {{dialect == Dialect::kKeras3 ? "batch_shape" : "batch_input_shape", std::move(shape)},
                 {"dtype", dtype_name(input.input_dtype)},
                 {"sparse", false},
                 {"ragged", false},
                 {"name", input.name}};
  return with_module(dialect, "keras.layers", "InputLayer", std::move(config), nullptr);
}

}  // namespace hoarfrost::keras
