// How a functional model's JSON says which tensors a layer is called on.
//
//   Keras 2   [["conv", 0, 0, {kwargs}], …]: layer, its call, its output; kwargs hold tensors as ["conv", 0, 0]
//   Keras 3   {"args": [{"class_name": "__keras_tensor__", "config": {"keras_history": ["conv", 0, 0]}}, …], "kwargs":
//   {…}}
#pragma once

#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "keras/config.h"

namespace hoarfrost::keras {

// A tensor by its maker's name, before calls are counted (see functional.cpp).
struct NamedTensor {
  std::string layer;
  int64_t node = 0;
  int64_t output = 0;
};

struct InboundNode {
  std::vector<NamedTensor> inputs;  // those given by position, then those given by keyword, as they stand
  std::vector<NamedTensor> masks;   // the keyword `mask`
  bool is_training = false;         // called with training=True
  // What the call was given beside tensors by position: {"args": […], "kwargs": {…}} with {"tensor": i} for inputs[i].
  // null when it is nothing. Left out are arguments that change nothing: null, `training` false, masks.
  Json arguments;
  // The same, also when it is nothing but tensors by position: operations go by it; and with use_causal_mask=False,
  // which says something to a TransformerDecoder alone.
  Json structure;
};

// One entry of a layer's inbound_nodes. layers: the model's layer names, to tell a tensor from a list that looks like
// one. Throws Error{kCorrupt} when it follows neither scheme, Error{kUnsupported} for masks that a Call cannot hold.
InboundNode parse_inbound_node(const Json& json, const std::set<std::string>& layers);

// Whether json is a tensor in the one scheme or the other.
bool is_tensor(const Json& json, const std::set<std::string>& layers);
NamedTensor parse_tensor(const Json& json);

}  // namespace hoarfrost::keras
