// keras.optimizers of Keras 2.15, by the formulas of its update_step methods.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "training/schedule.h"

namespace hoarfrost::training {

// A trainable weight, its gradient, and what the optimizer remembers of it: one array per slot, of the weight's size.
struct Parameter {
  std::span<float> weight;
  std::span<const float> gradient;
  std::vector<std::span<float>> slots;
};

// What Keras calls the slot (`m` in `Adam/m/dense/kernel:0`) and what it begins with.
struct SlotSpec {
  std::string name;
  float initial = 0;
};

class Optimizer {
 public:
  // A name ("adam"), or {"class_name", "config"} of Keras 2 or 3; `Custom>Adam` and the legacy ones' `lr` and `decay`
  // are understood. Keys that are missing have Keras 2.15's defaults. Throws Error{kUnsupported} for an optimizer that
  // is none.
  explicit Optimizer(const Json& config);

  [[nodiscard]] const std::string& class_name() const { return class_name_; }  // "Adam"
  [[nodiscard]] std::vector<SlotSpec> slots() const;
  [[nodiscard]] double learning_rate() const { return schedule_.at(iterations_) * factor_; }
  // As a callback sets it: the rate itself, or all that is left of a schedule.
  void set_learning_rate(double rate);
  [[nodiscard]] bool has_schedule() const { return !schedule_.is_constant(); }
  // What set_learning_rate left of a schedule: 1 where nobody called it.
  [[nodiscard]] double schedule_factor() const { return factor_; }
  void set_schedule_factor(double factor) { factor_ = factor; }
  [[nodiscard]] int64_t iterations() const { return iterations_; }
  void set_iterations(int64_t iterations) { iterations_ = iterations; }
  // {"class_name": "Custom>Adam", "config": …} as Keras 2.15 writes it into training_config.
  [[nodiscard]] Json json() const;

  // One step for all parameters: clipping, weight decay, and the rule. Gradients are changed by clipping.
  void apply(std::span<Parameter> parameters, std::span<std::vector<float>> clipped);

 private:
  std::string class_name_;
  Json config_;
  Schedule schedule_;
  double factor_ = 1;
  int64_t iterations_ = 0;
};

// The names of all, for messages.
std::vector<std::string> optimizer_names();

}  // namespace hoarfrost::training
