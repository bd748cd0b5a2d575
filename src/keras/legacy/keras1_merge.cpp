// Merge, and Sequential models that begin with one.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/legacy/keras1.h"

namespace hoarfrost::keras::legacy {
namespace {

constexpr int kDeepestBranches = 32;  // branches within branches

// A branch's layers put among a functional model's own.
class Branches {
 public:
  Json take(const Json& layers, const std::string& name) {
    const std::string last = sequential(layers, 0);
    Json outputs = Json::array({tensor(last)});
    return {{"name", name.empty() ? "sequential" : name},
            {"layers", std::move(layers_)},
            {"input_layers", std::move(inputs_)},
            {"output_layers", std::move(outputs)}};
  }

 private:
  static Json tensor(const std::string& name) { return Json::array({name, 0, 0}); }

  static std::string name_of(const Json& layer) {
    std::string name = layer.is_object() && layer.contains("config") && layer.at("config").is_object()
                           ? text_at(layer.at("config"), "name")
                           : "";
    if (name.empty() && layer.is_object()) name = text_at(layer, "name");
    if (name.empty()) throw Error(ErrorCode::kCorrupt, "", "a layer in a Merge's branches has no name");
    return name;
  }

  void add(const Json& layer, const std::string& name, const Json& inputs) {
    Json added = layer;
    added["name"] = name;
    added["inbound_nodes"] = inputs.empty() ? Json::array() : Json::array({inputs});
    layers_.push_back(std::move(added));
  }

  // The name of the layer that gives the branch's output.
  std::string sequential(const Json& layers, int depth) {
    if (depth > kDeepestBranches)
      throw Error(ErrorCode::kUnsupported, "", fmt::format("branches are nested more than {} deep", kDeepestBranches));
    std::string last;
    for (const Json& layer : layers) {
      const std::string name = name_of(layer);
      if (last.empty())
        add_first(layer, name, depth);
      else
        add(layer, name, Json::array({tensor(last)}));
      last = name;
    }
    if (last.empty()) throw Error(ErrorCode::kCorrupt, "", "a Merge has a branch without layers");
    return last;
  }

  void add_first(const Json& layer, const std::string& name, int depth) {
    const std::string class_name = text_at(layer, "class_name");
    if (class_name == "InputLayer") {
      add(layer, name, Json::array());
      inputs_.push_back(tensor(name));
      return;
    }
    const Json config = layer.value("config", Json::object());
    if (class_name == "Merge") {
      const auto branches = config.find("layers");
      if (branches == config.end() || !branches->is_array())
        throw Error(ErrorCode::kCorrupt, fmt::format("layer `{}` (Merge)", name), "has no `layers`, its branches");
      Json inputs = Json::array();
      for (const Json& branch : *branches) inputs.push_back(tensor(this->branch(branch, depth + 1)));
      return add(layer, name, inputs);
    }
    const std::string input = name + "_input";
    Json shape = config.is_object() ? config.value("batch_input_shape", Json()) : Json();
    if (shape.is_null())
      throw Error(ErrorCode::kUnsupported, fmt::format("layer `{}` ({})", name, class_name),
                  "begins a Merge's branch, but its input shape is not in the file");
    Json placeholder = {{"name", input},
                        {"batch_input_shape", std::move(shape)},
                        {"input_dtype", config.value("input_dtype", Json("float32"))}};
    add({{"class_name", "InputLayer"}, {"config", std::move(placeholder)}}, input, Json::array());
    inputs_.push_back(tensor(input));
    add(layer, name, Json::array({tensor(input)}));
  }

  std::string branch(const Json& branch, int depth) {
    const std::string class_name = branch.is_object() ? text_at(branch, "class_name") : "";
    const Json config = branch.is_object() ? branch.value("config", Json()) : Json();
    if (class_name == "Sequential" && config.is_array()) return sequential(config, depth);
    if (class_name == "Model" && config.is_object()) return functional(config);
    return sequential(Json::array({branch}), depth);  // a lone layer
  }

  std::string functional(const Json& config) {
    for (const Json& layer : config.value("layers", Json::array())) layers_.push_back(layer);
    for (const Json& input : config.value("input_layers", Json::array())) inputs_.push_back(input);
    const Json outputs = config.value("output_layers", Json::array());
    if (outputs.size() != 1 || !outputs[0].is_array() || outputs[0].empty() || !outputs[0][0].is_string()) {
      throw Error(ErrorCode::kUnsupported, fmt::format("model `{}`", text_at(config, "name")),
                  "a Merge's branch must have one output");
    }
    return outputs[0][0].get<std::string>();
  }

  Json layers_ = Json::array();
  Json inputs_ = Json::array();
};

}  // namespace

Json without_branches(const Json& layers, const std::string& name) { return Branches().take(layers, name); }

void translate_merge(Json& layer) {
  Json& config = layer["config"];
  const std::string name = text_at(config, "name");
  const std::string type = text_at(config, "mode_type");
  const std::string mode = text_at(config, "mode");
  const std::string place = fmt::format("layer `{}` (Merge)", name);
  if (mode.empty() || (!type.empty() && type != "raw")) {
    throw Error(ErrorCode::kUnsupported, place,
                fmt::format("mode is a Python function{}, whose meaning is not in the file as Keras' own: rebuild the "
                            "model with Add, Multiply, Concatenate or Dot",
                            mode.empty() ? "" : fmt::format(", `{}`", mode)));
  }
  Json plain = {{"name", name}, {"trainable", config.value("trainable", Json(true))}};
  std::string class_name;
  if (mode == "sum") class_name = "Add";
  if (mode == "mul") class_name = "Multiply";
  if (mode == "ave") class_name = "Average";
  if (mode == "max") class_name = "Maximum";
  if (mode == "concat") {
    class_name = "Concatenate";
    plain["axis"] = config.value("concat_axis", Json(-1));
  }
  if (mode == "dot" || mode == "cos") {
    class_name = "Merge";
    plain["mode"] = mode;
    plain["dot_axes"] = config.value("dot_axes", Json(-1));
  }
  if (class_name.empty())
    throw Error(ErrorCode::kUnsupported, place,
                fmt::format("mode `{}` is not known; there are sum, mul, concat, ave, cos, dot and max", mode));
  layer["class_name"] = class_name;
  config = std::move(plain);
}

}  // namespace hoarfrost::keras::legacy
