// Weight files without an architecture: the layers that they tell of, and the architecture that would fit.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "hdf5/tree.h"
#include "keras/model.h"

namespace hoarfrost::keras {

struct StoredWeight {
  std::string name;  // "kernel"; a number where the file has none ("vars/0")
  Shape shape;
  DType dtype = DType::kInvalid;
  std::string path = {};  // within the layer's group, as the file has it: "model/dense/kernel:0", "layers/dense/0"
};

struct StoredLayer {
  std::string name;
  std::string class_name;  // by its name or its weights; "" where neither tells
  std::vector<StoredWeight> weights;
};

struct StoredWeights {
  std::string layout;      // "Keras 1 and 2" or "Keras 3"
  bool has_order = false;  // whether the layers stand in the model's order
  std::vector<StoredLayer> layers;
};

// Of a file in any layout but Keras 0.x's. Throws what the tree throws, and Error{kCorrupt} where `layer_names` and
// groups do not belong together; Error{kInvalidArgument} for HDF5 that holds no weights of Keras'.
StoredWeights read_stored_weights(const hdf5::Tree& tree);

// The same of a file; nullopt where it is no HDF5, or holds an architecture, or no weights in such a layout.
std::optional<StoredWeights> weights_without_architecture(const std::filesystem::path& path);

// A chain of layers through which the weights' shapes pass in only one way.
struct ImpliedArchitecture {
  std::string json;                  // a Sequential model for freeze --weights; "" where there is none, or not one only
  std::string why_not;               // then
  std::vector<std::string> assumed;  // what the file does not say
};
// input: with its batch, where somebody knows it.
ImpliedArchitecture implied_architecture(const StoredWeights& stored, const Shape& input = Shape::unknown_rank());

}  // namespace hoarfrost::keras
