// A model's weights as Keras orders and names them in its files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "keras/model.h"

namespace hoarfrost::keras {

// What Keras' lookups store by themselves: archives have it under its name (`vars/idf_weights`) and not under a number.
inline constexpr std::string_view kStoredByName = "idf_weights";

// One weight: layer->weights[index].
struct Variable {
  const ModelLayer* layer = nullptr;
  size_t index = 0;
  WeightSpec spec;
  std::string name;  // Keras 2.15's: "dense/kernel:0", "bidirectional/forward_lstm/lstm_cell/kernel:0"
  std::string part;  // the group within the layer's own in the newer layout: "", "cell", "forward_layer/cell"
};

struct LayerVariables {
  const ModelLayer* layer = nullptr;
  std::vector<Variable> own;           // of a layer that is no model, in the order of Layer::weights()
  std::vector<LayerVariables> layers;  // of a nested model, in its layers' order
  [[nodiscard]] bool empty() const;
};

// Of all layers, in the model's order. Throws what infer_shapes throws; the weights themselves need not be there.
std::vector<LayerVariables> variables_of(const Model& model);

// In the order of a group of the legacy layout: trainable ones, then the others, over a whole nested model.
std::vector<Variable> legacy_order(const LayerVariables& layer);
// Keras' model.trainable_weights, in the order of which optimizers keep their state.
std::vector<Variable> trainable_variables(const Model& model);

// The weight. Throws Error{kInvalidArgument} naming the layer when it is not there (an architecture alone was loaded).
const Tensor& value_of(const Variable& variable);

// The class that names the layer's group in the newer layout. is_distributed: the layer is of a model in
// TimeDistributed, where it has become a TimeDistributed by itself (architecture.cpp).
std::string stored_class_name(const ModelLayer& layer, bool is_distributed);
// "BatchNormalization" -> "batch_normalization", "ReLU" -> "re_lu": Keras' to_snake_case.
std::string snake_case(std::string_view class_name);

}  // namespace hoarfrost::keras
