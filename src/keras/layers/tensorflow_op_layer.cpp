// TensorFlowOpLayer: one node of a TensorFlow graph within a functional model, its constant inputs beside it.
// tf.keras 2.0 to 2.3, and later where Keras' tensors are off. The node is read as the Python function of the same
// meaning (operation.h), so that it has a reference.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "keras/layers/registry.h"
#include "keras/node_definition.h"
#include "keras/operation.h"
#include "keras/tensorflow_op.h"

namespace hoarfrost::keras {
namespace {

// Tensors and constants, in the order of the node's inputs.
std::vector<Json> inputs_of(const Config& config, const NodeDefinition& node) {
  const Json* constants = config.find({"constants"});
  // Complex tensors among them are two inputs each.
  std::vector<Json> tensors;
  if (const auto call = config.json().find("call_arguments"); call != config.json().end()) {
    for (const Json& argument : call->at("args")) {
      if (argument.is_array())
        tensors.insert(tensors.end(), argument.begin(), argument.end());
      else
        tensors.push_back(argument);
    }
  }
  std::vector<Json> inputs;
  size_t n_tensors = 0;
  for (size_t i = 0; i < node.n_inputs; ++i) {
    const std::string key = std::to_string(i);
    if (constants != nullptr && constants->is_object() && constants->contains(key))
      inputs.push_back(constants->at(key));
    else if (n_tensors < tensors.size())
      inputs.push_back(tensors[n_tensors++]);
    else
      inputs.push_back({{"tensor", n_tensors++}});
  }
  return inputs;
}

std::shared_ptr<const Layer> parse(const Config& config) {
  config.ignore({"call_arguments", "node_def"});
  const Json* definition = config.find({"node_def"});
  if (definition == nullptr) config.fail("the configuration has no `node_def`");
  const NodeDefinition node = NodeDefinition::parse(*definition, config);
  const FunctionCall call = function_of(node.op, inputs_of(config, node), node.attributes, config);
  const Json as_function{{"name", config.name()},
                         {"call_arguments", {{"args", Json::array()}, {"kwargs", call.arguments}}}};
  return parse_function(Config(as_function, "TensorFlowOpLayer", config.version()), std::string(call.function));
}

}  // namespace

const LayerSpec layer_tensorflow_op_layer = {{"TensorFlowOpLayer"}, parse};

}  // namespace hoarfrost::keras
