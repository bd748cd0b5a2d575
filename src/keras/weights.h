// A model's weights from an HDF5 file, in either of Keras' layouts (docs/formats/keras_hdf5.md, keras_v3.md).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "hdf5/tree.h"
#include "keras/model.h"

namespace hoarfrost::keras {

// The weights that a layer, or all layers within a nested model, must have. Filled by plan_weights.
struct WeightSlot {
  ModelLayer* layer = nullptr;
  size_t index = 0;  // in layer->weights
  WeightSpec spec;
  std::string
      path;  // "inner/dense/kernel": from the model that holds the top-level layer, without that layer's own name
};

struct LayerSlots {
  ModelLayer* layer = nullptr;
  std::vector<WeightSlot> own;     // of a layer that is no model
  std::vector<LayerSlots> layers;  // of a nested model
  [[nodiscard]] bool empty() const;
};

// Infers the shapes of the model from its inputs', and gives every layer room for its weights, in the order of the
// model's layers. Pointers into the model. Throws what infer_shapes throws.
std::vector<LayerSlots> plan_weights(Model& model);

// A weight list in the order in which Keras' legacy layout stores it: trainable weights, then the others, over a whole
// nested model (Keras 2 and 3: _legacy_weights; a layer that is not trainable has only others).
std::vector<WeightSlot> legacy_order(const LayerSlots& slots);

enum class WeightLayout { kNone, kKeras0, kLegacy, kV3 };
WeightLayout weight_layout(const hdf5::Tree& tree, std::string_view root);

// root: the group that has `layer_names` ("/" or "/model_weights"), or "layers", or the root of a Keras 0.x file
// (`nb_layers`). version: the architecture's Keras, for a weights file that does not say its own. Throws
// Error{kMismatch} when weights and model do not belong together, naming the layers or the shapes that differ;
// Error{kCorrupt} for what is missing within the file.
void load_legacy_weights(const hdf5::Tree& tree, std::string_view root, const std::vector<LayerSlots>& slots,
                         Version version);
void load_v3_weights(const hdf5::Tree& tree, std::string_view root, const std::vector<LayerSlots>& slots);

// Puts a tensor into its slot, in the layer's floating-point type. Throws Error{kMismatch} when the shapes differ.
void fill(const WeightSlot& slot, Tensor tensor, const std::string& where);

// "conv/kernel_1:0" -> "kernel": the last part, without the counter that TensorFlow adds to names in use.
std::string weight_base_name(std::string_view name);

}  // namespace hoarfrost::keras
