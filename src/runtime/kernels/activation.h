// TensorFlow's elementwise functions as oneDNN's.
#pragma once

#include <optional>

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// nullopt for an op that is none, or none that oneDNN has.
std::optional<Activation> activation_of(const graph::Node& node);

}  // namespace hoarfrost::runtime
