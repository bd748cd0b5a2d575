// Keras 0.x' Graph: {"input_config": […], "node_config": [{"name", "input" or "inputs" and "merge_mode"}, …], "nodes":
// {name: layer}, "output_config": […]} as a functional model of Keras 1, whose layers have the nodes' names and order.
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <nlohmann/json.hpp>
#include <set>

#include "keras/architecture.h"
#include "keras/legacy/keras1.h"

namespace hoarfrost::keras::legacy {
namespace {

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorCode::kCorrupt, "Keras 0.x' Graph", message); }

const Json& list_at(const Json& graph, const char* key) {
  const auto found = graph.find(key);
  if (found == graph.end() || !found->is_array()) fail(fmt::format("has no `{}`", key));
  return *found;
}

class Functional {
 public:
  void add_input(const Json& input) {
    const std::string name = added(input);
    Json shape = Json::array({Json()});
    for (const Json& size : input.value("input_shape", Json::array())) shape.push_back(size);
    const bool is_int = text_at(input, "dtype") == "int";
    add(name,
        {{"class_name", "InputLayer"},
         {"config", {{"name", name}, {"batch_input_shape", shape}, {"input_dtype", is_int ? "int32" : "float32"}}}},
        {});
    inputs_.push_back(tensor(name));
  }

  void add_node(const Json& node, Json layer) {
    const std::string name = added(node);
    if (layer["config"].is_object()) layer["config"]["name"] = name;
    add(name, std::move(layer), Json::array({tensor(source(node))}));
  }

  void add_output(const Json& output) { outputs_.push_back(tensor(source(output))); }

  Json model() {
    Json config = {{"name", "graph"},
                   {"layers", std::move(layers_)},
                   {"input_layers", std::move(inputs_)},
                   {"output_layers", std::move(outputs_)}};
    return {{"class_name", "Model"}, {"config", std::move(config)}};
  }

 private:
  static Json tensor(const std::string& name) { return Json::array({name, 0, 0}); }

  std::string added(const Json& entry) {
    const std::string name = entry.is_object() ? text_at(entry, "name") : "";
    if (name.empty() || !names_.insert(name).second)
      fail(fmt::format("has a node without a name, or two of the name `{}`", name));
    return name;
  }

  std::string known(const Json& name) const {
    if (!name.is_string() || !names_.contains(name.get<std::string>()))
      fail(fmt::format("takes an input {}, which no node before it gives", name.dump()));
    return name.get<std::string>();
  }

  // The name of what the entry takes: a node or input, or a merge of several.
  std::string source(const Json& entry) {
    const Json input = entry.is_object() ? entry.value("input", Json()) : Json();
    if (!input.is_null()) return known(input);
    const Json several = entry.is_object() ? entry.value("inputs", Json::array()) : Json::array();
    if (!several.is_array() || several.empty()) fail("has a node or an output without an input");
    Json inbound = Json::array();
    for (const Json& one : several) inbound.push_back(tensor(known(one)));
    if (several.size() == 1) return known(several[0]);
    std::string name = text_at(entry, "name") + "_merge";
    while (!names_.insert(name).second) name += "_";
    const std::string mode = text_at(entry, "merge_mode");
    Json config = {{"name", name},
                   {"mode", mode},
                   {"concat_axis", entry.value("concat_axis", Json(-1))},
                   {"dot_axes", entry.value("dot_axes", Json(-1))}};
    add(name, {{"class_name", "Merge"}, {"config", std::move(config)}}, inbound);
    return name;
  }

  void add(const std::string& name, Json layer, const Json& inputs) {
    layer["name"] = name;
    layer["inbound_nodes"] = inputs.empty() ? Json::array() : Json::array({inputs});
    layers_.push_back(std::move(layer));
  }

  std::set<std::string> names_;
  Json layers_ = Json::array();
  Json inputs_ = Json::array();
  Json outputs_ = Json::array();
};

}  // namespace

Json keras0_graph(const Json& graph, const std::function<Json(const Json& layer)>& translate) {
  Functional result;
  for (const Json& input : list_at(graph, "input_config")) result.add_input(input);
  const Json nodes = graph.value("nodes", Json::object());
  for (const Json& node : list_at(graph, "node_config")) {
    const std::string name = node.is_object() ? text_at(node, "name") : "";
    if (!nodes.is_object() || !nodes.contains(name)) fail(fmt::format("has no layer for its node `{}`", name));
    result.add_node(node, translate(nodes.at(name)));
  }
  for (const Json& output : list_at(graph, "output_config")) result.add_output(output);
  return result.model();
}

}  // namespace hoarfrost::keras::legacy
