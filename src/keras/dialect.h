// A model's architecture in the JSON of a Keras that is to load it, whichever Keras wrote it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keras/inbound_nodes.h"
#include "keras/model.h"

namespace hoarfrost::keras {

enum class Dialect {
  kHdf5,    // `model_config` of Keras 2.15's HDF5
  kJson,    // model.to_json() of Keras 2.15: the same with modules and registered names
  kKeras3,  // config.json of a Keras 3 archive
};

// {"class_name", "config"}, for Keras 3 with "module" and "registered_name". The model must be a whole one
// (Model::architecture). Throws Error{kUnsupported} naming the layer, for what the dialect cannot say or would
// understand in another way; Error{kCorrupt} where the architecture does not follow Keras' scheme.
Json architecture_in(Dialect dialect, const Model& model);

// What follows serves architecture_in alone.

// One layer's entry: {"class_name", "config"} and what the dialect has beside them, without its calls.
// version: the Keras whose dialect `entry` is in.
Json layer_in(Dialect dialect, const Json& entry, const std::string& name, Version version);
// The configuration of Keras 3's Lambda as Keras 2.15 has it. Throws Error{kUnsupported} where its function is only
// named, or uses what Keras 2.15 does not know by that name.
Json lambda_in_keras2(Dialect dialect, const Json& config, const std::string& place, Version version);
// "InputLayer" of that shape.
Json input_layer_in(Dialect dialect, const ModelLayer& input);
// Adds "module" and "registered_name" where the dialect has them, and gives them their order.
Json with_module(Dialect dialect, std::string_view module, std::string_view class_name, Json config,
                 const Json& registered_name);

// A call's entry among the layer's inbound_nodes. tensors: the inputs', as the dialect says tensors, in the order of
// node.inputs. class_name, place: the layer's.
Json inbound_node_in(Dialect dialect, const InboundNode& node, const std::vector<Json>& tensors,
                     const std::string& class_name, const std::string& place);

// Throws Error{kUnsupported} naming a layer behind which masks go another way in the other Keras.
void expect_same_masks(Dialect dialect, const Model& model);

// Throws Error{kUnsupported} for a class ("Package>Class") of a package that is for the other Keras alone, and that no
// Keras has.
void expect_known_package(Dialect dialect, std::string_view registered, const std::string& place);

[[noreturn]] void cannot_say(Dialect dialect, const std::string& place, std::string_view what);

}  // namespace hoarfrost::keras
