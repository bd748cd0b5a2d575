// What keras.activations' names mean, as TensorFlow nodes and as formulas.
#pragma once

#include <span>
#include <string_view>

#include "keras/lowering.h"

namespace hoarfrost::keras {

// What a name means: elementwise functions have `of`, those along the last axis `along` (element i of f(row)).
struct ActivationFunction {
  std::string_view name;
  Value (*lower)(Lowering&, const Value&);
  double (*of)(double) = nullptr;
  double (*along)(std::span<const double> row, int64_t i) = nullptr;
  bool halves = false;  // f(row) has half the elements (glu)
  int first_major = 0;  // the Keras that gave the name this meaning
};

// All of them, sorted by name; of two with one name, the newer Keras' comes first.
std::span<const ActivationFunction> activation_functions();

}  // namespace hoarfrost::keras
