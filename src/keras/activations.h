// keras.activations: the functions that layers take as `activation`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

// One activation with its parameters, as Keras writes it: null, a name, or a serialised object ({"class_name": "LeakyReLU", …}).
class Activation {
 public:
  Activation() = default;  // linear
  // Reads the key (linear when it is missing or null). Throws Error{kUnsupported} for an unknown name, listing the known ones.
  static Activation parse(const Config& config, std::string_view key = "activation", std::string_view fallback = "linear");
  // By name, with the meaning it had in that Keras (hard_sigmoid changed in Keras 3).
  static Activation named(std::string_view name, Version version, const Config& where);

  [[nodiscard]] bool is_linear() const;
  // The nodes, under tf.keras' names in the current scope ("Relu", "Softmax"); linear adds none.
  [[nodiscard]] Value lower(Lowering& lowering, const Value& x) const;
  // f of a formula's elements; softmax and its kin run along the last axis.
  [[nodiscard]] Formula reference(Formula x) const;

 private:
  std::string name_ = "linear";
  double alpha_ = 0;   // of serialised LeakyReLU, ELU; otherwise the function's default
  Version version_;
  std::shared_ptr<const Layer> layer_;  // an activation that is a whole layer
};

// Keras' names, sorted.
std::vector<std::string_view> activation_names();

}  // namespace hoarfrost::keras
