#include "keras/inbound_nodes.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

namespace hoarfrost::keras {
namespace {

bool is_history(const Json& json) {
  return json.is_array() && json.size() >= 3 && json[0].is_string() && json[1].is_number_integer() &&
         json[2].is_number_integer();
}

bool is_keras3_tensor(const Json& json) {
  return json.is_object() && json.value("class_name", Json()) == "__keras_tensor__" && json.contains("config") &&
         json.at("config").is_object() && is_history(json.at("config").value("keras_history", Json()));
}

// ["_CONSTANT_VALUE", -1, value, kwargs]: Keras 2's number among tensors.
bool is_constant(const Json& json) { return json.is_array() && json.size() >= 3 && json[0] == "_CONSTANT_VALUE"; }

// The truths of tf.boolean_mask, which are no tensor's mask.
bool is_constant_mask(const Json& json) {
  return json.is_array() && !json.empty() &&
         std::ranges::all_of(json, [](const Json& item) { return item.is_boolean(); });
}

constexpr const char* kCausal = "use_causal_mask";

// Arguments that say nothing at inference.
bool is_idle(const std::string& key, const Json& value) {
  if (value.is_null()) return true;
  if (key == "training" && value == false) return true;
  return (key == "return_attention_scores" || key == kCausal) && value == false;
}

class Parser {
 public:
  explicit Parser(const std::set<std::string>& layers) : layers_(layers) {}

  InboundNode parse(const Json& json) {
    if (json.is_object() && json.contains("args")) {
      parse_keras3(json);
    } else {
      parse_keras2(json);
    }
    return std::move(node_);
  }

 private:
  void parse_keras3(const Json& json) {
    Json args = Json::array();
    const Json& given = json.at("args");
    if (!given.is_array()) throw Error(ErrorCode::kCorrupt, "", "inbound_nodes: `args` is no list");
    for (const Json& argument : given) args.push_back(replaced(argument));
    while (!args.empty() && args.back().is_null()) args.erase(args.size() - 1);
    const auto kwargs = json.find("kwargs");
    finish(std::move(args), kwargs == json.end() ? Json() : *kwargs);
  }

  // The tensors may stand alone (TFOpLambda), in a list, or in a structure of lists and objects.
  void parse_keras2(const Json& json) {
    Json kwargs;
    Json structure = keras2_structure(json, kwargs);
    // Numbers, and lists within lists, are the caller's own.
    const bool is_tensors = structure.is_array() && structure.size() == 1 && structure.front().is_object();
    if (is_tensors && !is_constant(json) && !is_history(json))
      structure = Json(structure.front());  // a lone tensor, as Keras calls it
    Json args = Json::array();
    args.push_back(std::move(structure));
    finish(std::move(args), kwargs);
  }

  Json keras2_structure(const Json& json, Json& kwargs) {
    if (is_constant(json) || is_history(json)) {
      if (json.size() > 3 && json[3].is_object() && !json[3].empty()) kwargs = json[3];
      if (is_constant(json)) return json[2];
      return add(parse_tensor(json));
    }
    if (!json.is_structured())
      throw Error(ErrorCode::kCorrupt, "",
                  fmt::format("inbound_nodes: expected [layer, node, tensor], found {}", json.dump().substr(0, 80)));
    Json result = json.is_array() ? Json::array() : Json::object();
    for (const auto& [key, value] : json.items()) {
      Json inner = keras2_structure(value, kwargs);
      if (json.is_array())
        result.push_back(std::move(inner));
      else
        result[key] = std::move(inner);
    }
    return result;
  }

  // The same value with {"tensor": i} in place of tensors.
  Json replaced(const Json& json) {
    if (is_tensor(json, layers_)) return add(parse_tensor(json));
    if (!json.is_structured()) return json;
    Json result = json;
    for (Json& value : result) value = replaced(value);
    return result;
  }

  Json add(NamedTensor tensor) {
    node_.inputs.push_back(std::move(tensor));
    return Json{{"tensor", node_.inputs.size() - 1}};
  }

  void add_masks(const Json& json) {
    if (is_tensor(json, layers_)) {
      node_.masks.push_back(parse_tensor(json));
    } else if (json.is_array()) {
      size_t n = json.size();
      while (n > 0 && json[n - 1].is_null()) --n;
      for (size_t i = 0; i < n; ++i) {
        if (json[i].is_null())
          throw Error(ErrorCode::kUnsupported, "", "called with a mask for a later input but none for the first");
        add_masks(json[i]);
      }
    } else {
      throw Error(ErrorCode::kUnsupported, "",
                  fmt::format("called with mask={}, which is no tensor", json.dump().substr(0, 60)));
    }
  }

  void finish(Json args, const Json& given) {
    bool is_plain = true;
    for (const Json& argument : args) is_plain = is_plain && is_plain_argument(argument);
    Json kwargs = Json::object();
    if (!given.is_null() && !given.is_object())
      throw Error(ErrorCode::kCorrupt, "", "inbound_nodes: the keyword arguments are no object");
    for (const auto& [key, value] : given.items()) {
      if (is_idle(key, value)) continue;
      if (key == "training")
        node_.is_training = true;
      else if (key == "mask" && !is_constant_mask(value))
        add_masks(value);
      else
        kwargs[key] = replaced(value);
    }
    node_.structure = {{"args", std::move(args)}, {"kwargs", std::move(kwargs)}};
    if (!is_plain || !node_.structure["kwargs"].empty()) node_.arguments = node_.structure;
    if (given.is_object() && given.contains(kCausal) && given.at(kCausal) == false)
      node_.structure["kwargs"][kCausal] = false;
  }

  // A tensor, or a list of nothing but tensors.
  static bool is_plain_argument(const Json& json) {
    if (json.is_object()) return json.size() == 1 && json.contains("tensor");
    if (!json.is_array()) return false;
    for (const Json& element : json) {
      if (!element.is_object() || !element.contains("tensor")) return false;
    }
    return true;
  }

  const std::set<std::string>& layers_;
  InboundNode node_;
};

}  // namespace

bool is_tensor(const Json& json, const std::set<std::string>& layers) {
  if (is_keras3_tensor(json)) return true;
  return is_history(json) && layers.contains(json[0].get<std::string>());
}

NamedTensor parse_tensor(const Json& json) {
  const Json& history = json.is_object() ? json.at("config").at("keras_history") : json;
  return {history[0].get<std::string>(), history[1].get<int64_t>(), history[2].get<int64_t>()};
}

InboundNode parse_inbound_node(const Json& json, const std::set<std::string>& layers) {
  return Parser(layers).parse(json);
}

}  // namespace hoarfrost::keras
