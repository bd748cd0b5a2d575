// What a person says of layers whose meaning is not in the file: an expression in the place of a layer's function
// (--lambda), and the known class or the expression that a custom class is (--custom).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "hdf5/tree.h"
#include "keras/config.h"

namespace hoarfrost::keras {

// The model with each layer of these names as a Lambda of its expression, and each layer of these classes as one of the
// class on the right, or as a Lambda of the expression there. A Lambda of an expression has the weights that `weights`
// (may be null) hold for its layer, as `w`, and the layer's configuration as `config`. Throws Error{kInvalidArgument}
// for a name or class that the model has not, and for what is neither a known class nor an expression.
Json substituted(Json model, const std::map<std::string, std::string>& expressions,
                 const std::map<std::string, std::string>& classes, const hdf5::Tree* weights);

}  // namespace hoarfrost::keras
