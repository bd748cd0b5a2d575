// keras.constraints of Keras 2.15: what a weight is brought back to after each step.
#pragma once

#include <hoarfrost/tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "training/json.h"

namespace hoarfrost::training {

class Constraint {
 public:
  // "max_norm", "non_neg", "unit_norm", "min_max_norm", "radial_constraint" by name or {"class_name", "config"}. Throws
  // Error{kUnsupported} for another.
  explicit Constraint(const Json& json);
  // values: a weight of that shape.
  void apply(const Shape& shape, std::span<float> values) const;

 private:
  enum class Kind { kMaxNorm, kNonNegative, kUnitNorm, kMinMaxNorm, kRadial };
  Kind kind_;
  double low_ = 0, high_ = 1, rate_ = 1;
  std::vector<int64_t> axes_{0};
};

}  // namespace hoarfrost::training
