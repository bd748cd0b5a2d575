// What a person says of layers whose meaning is not in the file: an expression in the place of a layer's function
// (--lambda), the known class or the expression that a custom class is (--custom), and that a random function stands as
// its mean (--random).
#pragma once

#include <hoarfrost/keras.h>

#include <nlohmann/json.hpp>

#include "hdf5/tree.h"
#include "keras/config.h"

namespace hoarfrost::keras {

// The model with each layer that `lambdas` names as a Lambda of its expression, and each layer of a class among
// `custom_classes` as one of the class on the right, or as a Lambda of the expression there. A Lambda of an expression
// has the weights that `weights` (may be null) hold for its layer, as `w`, and the layer's configuration as `config`.
// random_is_mean: Lambdas and layers of random functions get {"random": "mean"}, which they read. Throws
// Error{kInvalidArgument} for a name or class that the model has not, and for what is neither a known class nor an
// expression.
Json substituted(Json model, const LoadOptions& options, const hdf5::Tree* weights);

}  // namespace hoarfrost::keras
