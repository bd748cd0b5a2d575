// keras.losses of Keras 2.15, as graphs that can be differentiated.
#pragma once

#include <hoarfrost/examples.h>

#include <string>
#include <vector>

#include "training/builder.h"
#include "training/json.h"

namespace hoarfrost::training {

class Loss {
 public:
  // Keras' function or class name ("categorical_crossentropy", "CategoricalCrossentropy", "mse"), or {"class_name",
  // "config"}. Throws Error{kUnsupported} for a loss that is none.
  explicit Loss(const Json& json);
  [[nodiscard]] const std::string& name() const { return name_; }  // "categorical_crossentropy"
  [[nodiscard]] std::string class_name() const;                    // "CategoricalCrossentropy"
  [[nodiscard]] Labels labels() const;
  // What training_config holds.
  [[nodiscard]] const Json& json() const { return json_; }
  // The loss of each example, [batch], for predictions [batch, …] and labels as labels() says. A prediction that a
  // Softmax or Sigmoid node makes is computed from that node's input, as Keras does.
  [[nodiscard]] Endpoint of_examples(Builder& builder, Endpoint labels, Endpoint prediction) const;

 private:
  std::string name_;
  Json json_;
  Json config_;
};

}  // namespace hoarfrost::training
