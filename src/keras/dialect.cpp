// Models: Sequential and Functional, of Keras 2 and 3, nested ones among them.
#include "keras/dialect.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <stdexcept>

#include "keras/architecture.h"
#include "keras/shapes.h"

namespace hoarfrost::keras {
namespace {

Json shape_json(const Shape& shape) {
  Json result = Json::array();
  for (const int64_t size : shape.sizes()) result.push_back(size == kUnknown ? Json() : Json(size));
  return result;
}

// The shapes that calls give, by layer and call.
using CallShapes = std::map<std::pair<size_t, size_t>, Shapes>;

CallShapes shapes_of(const Model& model, const Shapes& inputs) {
  CallShapes result;
  for (size_t i = 0; i < model.inputs.size(); ++i)
    result[{model.inputs[i].layer, model.inputs[i].call}] = {inputs.at(i)};
  for (const auto& [l, c] : call_order(model)) {
    const ModelLayer& layer = model.layers[l];
    Shapes in;
    for (const TensorRef& ref : layer.calls[c].inputs) in.push_back(result.at({ref.layer, ref.call}).at(ref.output));
    result[{l, c}] = layer.model
                         ? infer_shapes(*layer.model, in, [](const ModelLayer&, const Shapes&, const Shapes&) {})
                         : layer_in(layer, layer.calls[c]).infer(in);
  }
  return result;
}

class ModelTranslator {
 public:
  ModelTranslator(Dialect dialect, const Model& model)
      : dialect_(dialect), model_(model), is_from_3_(model.version.major >= 3) {}

  // entry: the model as the file has it; shapes: of its inputs.
  Json translate(const Json& entry, const Shapes& shapes) {
    const bool is_sequential = plain_class_name(text_at(entry, "class_name")) == "Sequential";
    if (is_sequential)
      return with_module(dialect_, "keras", "Sequential", sequential(entry.at("config"), shapes), nullptr);
    Json config = functional(entry.at("config"), shapes);
    if (dialect_ == Dialect::kKeras3)
      return with_module(dialect_, "keras.src.models.functional", "Functional", std::move(config), "Functional");
    return with_module(dialect_, "keras.src.engine.functional", "Functional", std::move(config), "Functional");
  }

 private:
  [[nodiscard]] bool is_same_keras() const { return is_from_3_ == (dialect_ == Dialect::kKeras3); }

  Json sequential(const Json& config, const Shapes& shapes) {
    const Json& layers = config.is_array() ? config : config.at("layers");
    Json result = Json::object();
    result["name"] = name_in(config);
    if (config.is_object()) {
      for (const char* key : {"trainable", "dtype"}) {
        if (config.contains(key) && dialect_ == Dialect::kKeras3) result[key] = config.at(key);
      }
    }
    Json entries = Json::array();
    // Our own first layer is the input, which old files do not list: Keras 3 has no other place for its shape.
    const ModelLayer& input = model_.layers.front();
    const bool has_input = plain_class_name(text_at(layers.front(), "class_name")) == "InputLayer";
    if (!has_input && dialect_ == Dialect::kKeras3 && input.input_shape.has_rank())
      entries.push_back(input_layer_in(dialect_, input));
    const CallShapes given =
        dialect_ == Dialect::kKeras3 && shapes.front().has_rank() ? shapes_of(model_, shapes) : CallShapes();
    for (size_t i = 0; i < layers.size(); ++i) {
      const size_t at = i + (has_input ? 0 : 1);
      entries.push_back(layer(layers[i], at, given));
    }
    result["layers"] = std::move(entries);
    if (config.is_object() && config.contains("build_input_shape") && !config.at("build_input_shape").is_null())
      result["build_input_shape"] = config.at("build_input_shape");
    return result;
  }

  Json functional(const Json& config, const Shapes& shapes) {
    const Json& layers = config.at("layers");
    std::set<std::string> names;
    for (const ModelLayer& layer : model_.layers) names.insert(layer.name);
    const CallShapes given = is_same_keras() ? CallShapes() : shapes_of(model_, shapes);
    Json result = Json::object();
    result["name"] = name_in(config);
    result["trainable"] = config.contains("trainable") ? config.at("trainable") : Json(true);
    Json entries = Json::array();
    for (size_t i = 0; i < layers.size(); ++i) {
      Json entry = layer(layers[i], i, given);
      entry["name"] = model_.layers[i].name;
      entry["inbound_nodes"] = inbound_nodes(layers[i], i, names, given);
      entries.push_back(std::move(entry));
    }
    result["layers"] = std::move(entries);
    result["input_layers"] = ends(config.at("input_layers"), names, model_.inputs);
    result["output_layers"] = ends(config.at("output_layers"), names, model_.outputs);
    return result;
  }

  // A model within TimeDistributed goes by that layer's name in a Model.
  [[nodiscard]] std::string name_in(const Json& config) const {
    const std::string name = config.is_object() ? text_at(config, "name") : "";
    return name.empty() ? model_.name : name;
  }

  Json layer(const Json& entry, size_t index, const CallShapes& given) {
    const ModelLayer& layer = model_.layers[index];
    if (!is_same_keras() && layer.class_name == "Resizing" && takes_whole_numbers(layer))
      cannot_say(dialect_, fmt::format("layer `{}` (Resizing)", layer.name),
                 "it resizes whole numbers, which Keras 3 rounds and Keras 2 does not");
    Json result;
    if (layer.model == nullptr || layer.class_name == "Pipeline") {
      result = layer_in(dialect_, entry, layer.name, model_.version);
    } else if (is_model_class(plain_class_name(text_at(entry, "class_name")))) {
      result = nested(dialect_, *layer.model, entry, inner_shapes(index, given));
    } else {  // TimeDistributed
      Json outer = entry;
      outer["config"]["layer"] = Json();
      result = layer_in(dialect_, outer, layer.name, model_.version);
      const Dialect inner = dialect_ == Dialect::kHdf5 ? Dialect::kJson : dialect_;  // Keras 2.15 has modules there
      result["config"]["layer"] =
          nested(inner, *layer.model, entry.at("config").at("layer"), inner_shapes(index, given));
    }
    return result;
  }

  // Whether it is called on an input of the model's of such a type.
  [[nodiscard]] bool takes_whole_numbers(const ModelLayer& layer) const {
    return std::ranges::any_of(layer.calls, [&](const Call& call) {
      const ModelLayer& from = model_.layers[call.inputs.front().layer];
      return from.is_input && !is_floating(from.input_dtype);
    });
  }

  Json nested(Dialect dialect, const Model& model, const Json& entry, const Shapes& shapes) const {
    Json result = ModelTranslator(dialect, model).translate(entry, shapes);
    if (is_same_keras() && dialect != Dialect::kHdf5 && entry.contains("build_config"))
      result["build_config"] = entry.at("build_config");
    return result;
  }

  // What a nested model's first call gives it; else what its InputLayers say.
  [[nodiscard]] Shapes inner_shapes(size_t index, const CallShapes& given) const {
    const ModelLayer& layer = model_.layers[index];
    Shapes result = input_shapes(*layer.model);
    if (given.empty() || layer.calls.empty()) return result;
    for (size_t i = 0; i < result.size() && i < layer.calls[0].inputs.size(); ++i) {
      const TensorRef& ref = layer.calls[0].inputs[i];
      if (!result[i].has_rank()) result[i] = given.at({ref.layer, ref.call}).at(ref.output);
    }
    return result;
  }

  Json inbound_nodes(const Json& entry, size_t index, const std::set<std::string>& names,
                     const CallShapes& given) const {
    const auto found = entry.find("inbound_nodes");
    if (found == entry.end() || found->is_null()) return Json::array();
    if (is_same_keras()) return *found;
    const ModelLayer& layer = model_.layers[index];
    Json result = Json::array();
    for (size_t c = 0; c < found->size(); ++c) {
      check_call(layer, layer.calls.at(c));
      const InboundNode node = parse_inbound_node((*found)[c], names);
      std::vector<Json> tensors;
      for (const TensorRef& ref : layer.calls.at(c).inputs) tensors.push_back(tensor(ref, given));
      result.push_back(inbound_node_in(dialect_, node, tensors, layer.class_name, place_of(layer)));
    }
    return result;
  }

  // What a layer of the other Keras does not take.
  void check_call(const ModelLayer& layer, const Call& call) const {
    const bool is_to_3 = dialect_ == Dialect::kKeras3;
    const std::string place = place_of(layer);
    if (layer.class_name == "HashedCrossing" && is_to_3 && call.inputs.size() != 2)
      cannot_say(dialect_, place, fmt::format("it crosses {} inputs, and Keras 3 takes two", call.inputs.size()));
    const auto gives_floats = [&](const TensorRef& ref) {
      return model_.layers[ref.layer].is_input && is_floating(model_.layers[ref.layer].input_dtype);
    };
    if (layer.class_name == "Hashing" && !is_to_3 && std::ranges::any_of(call.inputs, gives_floats))
      cannot_say(dialect_, place, "it hashes floats, which Keras 2 does not take");
  }

  // Keras 2 counts a nested model's making as its call 0 where it begins with an InputLayer.
  [[nodiscard]] int64_t first_call(const ModelLayer& layer) const {
    if (!layer.model || layer.class_name == "TimeDistributed" || dialect_ == Dialect::kKeras3) return 0;
    return layer.model->class_name != "Sequential" || layer.model->layers.front().input_shape.has_rank() ? 1 : 0;
  }

  [[nodiscard]] Json tensor(const TensorRef& ref, const CallShapes& given) const {
    const ModelLayer& layer = model_.layers[ref.layer];
    Json history = {layer.name, static_cast<int64_t>(ref.call) + first_call(layer), ref.output};
    if (dialect_ != Dialect::kKeras3) return history;
    const DType dtype = layer.is_input ? layer.input_dtype : DType::kFloat32;
    return {{"class_name", "__keras_tensor__"},
            {"config",
             {{"shape", shape_json(given.at({ref.layer, ref.call}).at(ref.output))},
              {"dtype", dtype_name(dtype)},
              {"keras_history", std::move(history)}}}};
  }

  // input_layers, output_layers: Keras 3 writes a lone tensor without a list around it, where a list would make the
  // model give one; refs in the order of the tensors in json.
  [[nodiscard]] Json ends(const Json& json, const std::set<std::string>& names,
                          const std::vector<TensorRef>& refs) const {
    if (is_same_keras()) return json;
    size_t next = 0;
    Json result = replaced(json, names, refs, next);
    const bool is_lone = is_tensor(result, names);
    if (dialect_ == Dialect::kKeras3 && !is_lone && result.is_array() && result.size() == 1)
      return Json(result.front());
    if (dialect_ != Dialect::kKeras3 && is_lone) return Json::array({result});
    return result;
  }

  Json replaced(const Json& json, const std::set<std::string>& names, const std::vector<TensorRef>& refs,
                size_t& next) const {
    if (is_tensor(json, names)) {
      const TensorRef& ref = refs.at(next++);
      const ModelLayer& layer = model_.layers[ref.layer];
      // Keras 3 counts a Functional's own making among outputs, though not among calls.
      const bool is_functional =
          layer.model && layer.class_name != "TimeDistributed" && layer.model->class_name != "Sequential";
      const int64_t base = dialect_ == Dialect::kKeras3 ? (is_functional ? 1 : 0) : first_call(layer);
      return {layer.name, static_cast<int64_t>(ref.call) + base, ref.output};
    }
    Json result = json;
    for (Json& value : result) value = replaced(value, names, refs, next);
    return result;
  }

  Dialect dialect_;
  const Model& model_;
  bool is_from_3_;
};

}  // namespace

Json architecture_in(Dialect dialect, const Model& model) {
  if (model.architecture.empty())
    throw Error(ErrorCode::kInvalidArgument, fmt::format("model `{}`", model.name),
                "its architecture is not kept: only a whole model can be saved");
  expect_same_masks(dialect, model);
  try {
    return ModelTranslator(dialect, model)
        .translate(parse_json(model.architecture, "architecture"), input_shapes(model));
  } catch (const Json::exception& error) {
    throw Error(ErrorCode::kCorrupt, fmt::format("model `{}`", model.name),
                fmt::format("its architecture does not follow Keras' scheme: {}", error.what()));
  } catch (const std::out_of_range&) {
    throw Error(ErrorCode::kCorrupt, fmt::format("model `{}`", model.name),
                "a layer takes what no layer gives: its inputs depend on themselves, or on an input the model has not");
  }
}

Json with_module(Dialect dialect, std::string_view module, std::string_view class_name, Json config,
                 const Json& registered_name) {
  Json result = Json::object();
  if (dialect != Dialect::kHdf5) result["module"] = module;
  result["class_name"] = class_name;
  result["config"] = std::move(config);
  if (dialect != Dialect::kHdf5) result["registered_name"] = registered_name;
  return result;
}

void cannot_say(Dialect dialect, const std::string& place, std::string_view what) {
  const char* advice = dialect == Dialect::kKeras3 ? "the .keras of Keras 3 cannot say it: save an .h5 instead"
                                                   : "Keras 2.15 cannot say it: save a .keras instead";
  throw Error(ErrorCode::kUnsupported, place, fmt::format("{}, and {}", what, advice));
}

}  // namespace hoarfrost::keras
