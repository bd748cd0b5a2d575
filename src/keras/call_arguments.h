// What a layer's call was given, by the names of Keras' signature: tensors (as numbers of inputs), and other values.
#pragma once

#include <hoarfrost/tensor.h>

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "keras/config.h"

namespace hoarfrost::keras {

class CallArguments {
 public:
  CallArguments() = default;
  // parameters: those of the layer's call, in order. Reads the key `call_arguments` (see inbound_nodes.h); without it
  // every input stands for the parameter at its place. Throws Error{kUnsupported} for an argument that is none of them.
  static CallArguments parse(const Config& config, std::initializer_list<std::string_view> parameters);

  // The number of the input that the parameter is given, of n_inputs; nullopt for none.
  [[nodiscard]] std::optional<size_t> input(std::string_view parameter, size_t n_inputs) const;
  // Error{kMismatch} where it is given none.
  [[nodiscard]] size_t required_input(std::string_view parameter, size_t n_inputs) const;
  // The value as it stands, a tensor being {"tensor": i}; nullptr for none and for null.
  [[nodiscard]] const Json* value(std::string_view parameter) const;
  [[nodiscard]] bool flag(std::string_view parameter) const;

 private:
  std::vector<std::string> parameters_;
  Json values_;  // an object by parameter; null when the call has only inputs by position
};

}  // namespace hoarfrost::keras
