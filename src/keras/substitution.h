// What a person says of layers whose meaning is not in the file: an expression in the place of a layer's function
// (--lambda), the known class that a custom one is (--custom), and that a random function stands as its mean
// (--random).
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "keras/config.h"

namespace hoarfrost::keras {

// The model with each layer of these names as a Lambda of its expression, and each layer of these classes as one of the
// class on the right. Throws Error{kInvalidArgument} for a name or class that the model has not, and for a known class
// that is none. random_is_mean: Lambdas and layers of random functions get {"random": "mean"}, which they read.
Json substituted(Json model, const std::map<std::string, std::string>& expressions,
                 const std::map<std::string, std::string>& classes, bool random_is_mean = false);

}  // namespace hoarfrost::keras
