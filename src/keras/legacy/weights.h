// Weights as old Kerases stored them, in today's shapes and order. Source: Keras 2.0's preprocess_weights_for_loading
// (keras/engine/topology.py), and for Keras 0.x its layers.
#pragma once

#include "keras/weights.h"

namespace hoarfrost::keras::legacy {

// What wrote a weights file.
struct Source {
  bool is_keras1 = false;    // its words and shapes: gates apart, Theano-ordered kernels
  bool is_keras0 = false;    // running_std holds a standard deviation
  bool is_theano = false;    // its convolutions flip their kernels
};

// Judged by the file (`keras_version`, `backend`, names without `:0`), and where it does not say, by the architecture's version.
Source source_of(const hdf5::Tree& tree, std::string_view root, Version version);

// Of a file of Keras 0.x, which says nothing: Theano's, unless a convolution of the architecture has its channels last.
Source keras0_source(const std::vector<LayerSlots>& layers);

// How many tensors a layer with these weights has in such a file: gates may be apart.
bool is_count_of(const Source& source, const std::vector<WeightSlot>& slots, size_t n_stored);

// The tensors for `slots` (legacy_order), one for each, from those of the layer's group in their order. is_count_of must hold.
// Throws Error{kMismatch} where shapes do not fit together.
std::vector<Tensor> todays_weights(const Source& source, const std::vector<WeightSlot>& slots, std::vector<Tensor> stored);

}  // namespace hoarfrost::keras::legacy
