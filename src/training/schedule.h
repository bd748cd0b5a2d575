// Learning rates that change with the optimizer's iterations: keras.optimizers.schedules of Keras 2.15.
#pragma once

#include <cstdint>
#include <memory>

#include "training/json.h"

namespace hoarfrost::training {

class Schedule {
 public:
  // A number, or {"class_name", "config"}. Throws Error{kUnsupported} for a class that is none of Keras',
  // Error{kCorrupt} for what is neither.
  explicit Schedule(Json learning_rate);
  // The rate of the step after `iterations` steps.
  [[nodiscard]] double at(int64_t iterations) const;
  [[nodiscard]] bool is_constant() const { return json_.is_number(); }
  [[nodiscard]] const Json& json() const { return json_; }

 private:
  Json json_;
};

// The old Keras' `decay`: rate / (1 + decay · iterations), as a schedule that Keras 2.15 loads.
Json decayed(double learning_rate, double decay);

}  // namespace hoarfrost::training
