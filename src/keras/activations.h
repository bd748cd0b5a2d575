// keras.activations: the functions that layers take as `activation`.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "keras/layer.h"

namespace hoarfrost::keras {

struct ActivationFunction;  // activation_functions.h

// One activation with its parameters, as Keras writes it: null, a name, or a serialised object ({"class_name":
// "LeakyReLU", …}).
class Activation {
 public:
  Activation() = default;  // linear
  // Reads the key (linear when it is missing or null). Throws Error{kUnsupported} for an unknown name, listing the
  // known ones.
  static Activation parse(const Config& config, std::string_view key = "activation",
                          std::string_view fallback = "linear");
  // By name, with the meaning it had in that Keras (hard_sigmoid changed in Keras 3).
  static Activation named(std::string_view name, Version version, const Config& where);

  [[nodiscard]] bool is_linear() const { return function_ == nullptr && layer_ == nullptr; }
  // The shape of f(x): x's, but glu halves the last axis.
  [[nodiscard]] Shape infer(const Shape& x) const;
  // The nodes, under tf.keras' names in the current scope ("Relu", "Softmax"); linear adds none. x's shape must be set.
  [[nodiscard]] Value lower(Lowering& lowering, const Value& x) const;
  // f of a formula's elements; softmax and its kin run along the last axis.
  [[nodiscard]] Formula reference(Formula x) const;

 private:
  const ActivationFunction* function_ = nullptr;  // nullptr: linear, or a layer
  std::shared_ptr<const Layer> layer_;            // an activation that is a whole layer, without weights
};

// Keras' names, sorted.
std::vector<std::string_view> activation_names();

// Nodes that activations and the activation layers share. leaky is x where x > 0, slope·x elsewhere (named "LeakyRelu",
// as tf.keras' node: that op exists only since TensorFlow 1.13); clip is min(max(x, low), high).
Value lower_leaky_relu(Lowering& lowering, const Value& x, double slope);
Value lower_clip(Lowering& lowering, const Value& x, double low, double high);
// 1 where x > threshold, 0 elsewhere, in x's type.
Value lower_is_greater(Lowering& lowering, const Value& x, double threshold);

}  // namespace hoarfrost::keras
