// Models that stand in a layer: what a TimeDistributed or Keras 3's Pipeline holds, as a model by itself.
#pragma once

#include <string>

#include "keras/config.h"

namespace hoarfrost::keras {

inline constexpr int kDeepestModel = 32;  // models within models

// The model in a TimeDistributed, with each of its layers in a TimeDistributed of its own: that is the same function.
// Throws Error{kCorrupt} where the JSON does not follow Keras' scheme, Error{kUnsupported} for models too deep.
Json time_distributed(const Json& model, int depth);
// The model that a TimeDistributed holds, or nullptr.
const Json* distributed_model(const std::string& class_name, const Json& config);

// Keras 3's Pipeline is a Sequential by another name, in a class of its own: its .keras has the same groups.
Json sequential_of(const Json& pipeline);
// Whether arguments of Pipeline's call are those that Keras writes although nobody gave them (`training`, which the
// model's own training=False overrules, and no mask).
bool are_idle(const Json& call_arguments);

}  // namespace hoarfrost::keras
