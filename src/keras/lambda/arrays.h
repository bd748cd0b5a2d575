// Arrays of constants as NumPy makes and computes them, for the functions of Lambda layers: a mean to subtract, a
// kernel, positions.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "python/interpret.h"

namespace hoarfrost::keras {

// The arithmetic of two constants of which one at least is an array, element by element, sizes of one repeated; nullopt
// for others. Throws Error{kUnsupported} for shapes that do not fit, and results of over 2^18 elements.
std::optional<python::Value> array_binary(std::string_view op, const python::Value& a, const python::Value& b);
// array[…] of positions, slices, None and `…`; nullopt for others.
std::optional<python::Value> array_subscript(const python::Value& array, const python::Value& key);
// Each element's `of`, as floats; nullopt for what is no array of constants.
std::optional<python::Value> array_of_each(const python::Value& array, double (*of)(double));
// An array's sizes, a tuple.
python::Value array_shape(const python::Value& array);
// A function of NumPy's that makes an array, or another of one ("zeros", "eye", "linspace", "reshape", …), of
// constants; nullopt for one that is not known, or given tensors. Throws as array_binary.
std::optional<python::Value> call_array(const std::string& function, const std::vector<python::Value>& arguments,
                                        const python::Keywords& keywords);

}  // namespace hoarfrost::keras
