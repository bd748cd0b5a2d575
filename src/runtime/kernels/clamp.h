// The activations that own kernels apply while they write: all that leave a zero a zero, as padded channels need it.
#pragma once

#include <limits>
#include <optional>

#include "runtime/operation.h"

namespace hoarfrost::runtime {

// min(max(x, low), high); a NaN stays one.
struct Clamp {
  float low = -std::numeric_limits<float>::infinity();
  float high = std::numeric_limits<float>::infinity();
};

// No activation, Relu and Relu6; nullopt for any other.
inline std::optional<Clamp> clamp_of(const std::optional<Activation>& activation) {
  if (!activation) return Clamp{};
  if (activation->alpha != 0) return {};
  if (activation->algorithm == dnnl::algorithm::eltwise_relu) return Clamp{.low = 0};
  if (activation->algorithm == dnnl::algorithm::eltwise_clip) return Clamp{.low = 0, .high = activation->beta};
  return {};
}

}  // namespace hoarfrost::runtime
