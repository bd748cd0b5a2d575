// Weights as old Kerases stored them, in today's shapes and order. Source: Keras 2.0's preprocess_weights_for_loading
// (keras/engine/topology.py), and for Keras 0.x its layers.
#pragma once

#include "keras/weights.h"

namespace hoarfrost::keras::legacy {

// What wrote a weights file.
struct Source {
  bool is_keras1 = false;       // its words and shapes: gates apart, Theano-ordered kernels
  bool has_deviations = false;  // running_std holds a standard deviation, as its name says
  bool is_theano = false;       // its convolutions flip their kernels
};

// version: the architecture's, for a file that does not say its own.
Source source_of(const hdf5::Tree& tree, Version version);

// Whether the weights come from a Keras on Theano: by the file (`backend`; Keras 1: names without `:0`), or for Keras
// 0.x, which says nothing and knew TensorFlow from 0.3 on, by a `dim_ordering` tf in the architecture. weights may be
// nullptr.
bool is_theano(const hdf5::Tree* weights, const Json& model, Version version);

// How many tensors a layer with these weights has where its gates are apart, as Keras 0.x stored them.
size_t n_stored_apart(const std::vector<WeightSlot>& slots);
// Whether a layer with these weights may have so many tensors in such a file: gates may be apart.
bool is_count_of(const Source& source, const std::vector<WeightSlot>& slots, size_t n_stored);

// The tensors for `slots` (legacy_order), one for each, from those of the layer's group in their order. is_count_of
// must hold. Throws Error{kMismatch} where shapes do not fit together.
std::vector<Tensor> todays_weights(const Source& source, const std::vector<WeightSlot>& slots,
                                   std::vector<Tensor> stored);

}  // namespace hoarfrost::keras::legacy
