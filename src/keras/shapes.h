// The shapes that flow through a model.
#pragma once

#include <functional>

#include "keras/model.h"

namespace hoarfrost::keras {

// Told of every layer call, nested models' among them, in an order in which inputs come before those who take them.
using CallVisitor = std::function<void(const ModelLayer& layer, const Shapes& in, const Shapes& out)>;

// inputs: one shape per input of the model; sizes that they leave open are taken from its InputLayers. Returns the
// outputs'. Throws Error{kMismatch | kCorrupt | kUnsupported} naming the layer that cannot take what it is given.
Shapes infer_shapes(const Model& model, const Shapes& inputs, const CallVisitor& visit);
// The shapes of the model's own InputLayers.
Shapes input_shapes(const Model& model);

// What a layer's infer takes, of what its lower and its reference are given.
Shapes shapes_of(const Values& in);
Shapes shapes_of(const Arrays& in);

}  // namespace hoarfrost::keras
