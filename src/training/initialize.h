// A model to be trained: its own copy, with every weight in memory.
#pragma once

#include <cstdint>
#include <memory>

#include "keras/model.h"

namespace hoarfrost::training {

// The model and those within it, with copies of their weights, so that training changes no one else's; a weight that
// the file did not hold is drawn as its layer's configuration says, each from a seed of its own that follows from
// `seed`. Throws Error naming the layer: kUnsupported for an initializer that is none of Keras', what infer throws for
// a model whose shapes do not meet.
std::shared_ptr<keras::Model> initialized(const keras::Model& model, uint64_t seed);

}  // namespace hoarfrost::training
