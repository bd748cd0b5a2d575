// Keras' files of a model: complete or weights only, HDF5 or .keras, and its architecture as JSON.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "keras/model.h"

namespace hoarfrost::keras {

// What a training left that goes on later: what Keras keeps of it, and what only Hoarfrost does.
struct TrainingState {
  std::string training_config;  // Keras' JSON of loss, metrics and optimizer ("optimizer_config"); "" for none
  // Named and ordered as Keras 2.15's HDF5 has them: "iteration:0", "Adam/m/dense/kernel:0", "Adam/v/dense/kernel:0", …
  // (optimizer_weight_names gives them).
  std::vector<std::pair<std::string, Tensor>> optimizer_weights;
  std::string hoarfrost;  // JSON of what Keras does not know (generators, epochs), of any length; "" for none. Keras
                          // passes over it
  // Weights that it keeps beside the model's (EarlyStopping's best), under names of its own; Keras passes over them
  // too.
  std::vector<std::pair<std::string, Tensor>> kept_weights;
};

// A complete model, for Keras 2.15 where the name ends in .h5 or .hdf5, for Keras 3 where it ends in .keras. The
// model's weights are those of its layers. Nothing is held in memory but the model itself. Throws Error{kIo}: what was
// at `path` is then as it was; Error{kUnsupported} for another ending, or naming the layer or optimizer that the format
// cannot hold.
void save_model(const Model& model, const TrainingState& state, const std::filesystem::path& path);
// Weights alone, in Keras 2.15's legacy HDF5 layout; in its newer one where the name ends in .weights.h5.
void save_weights(const Model& model, const std::filesystem::path& path);
// model.to_json() of Keras 2.15, as text and in a file.
std::string architecture_text(const Model& model);
void save_architecture(const Model& model, const std::filesystem::path& path);

// What a file that Keras 1.2.2 to 3, or save_model wrote holds beside the model; empty parts where it has none.
// Optimizer weights come in the form above, whatever dialect the file has; those whose shapes do not meet the model's
// are an Error{kMismatch}. `training_config` is in its Keras' own dialect, but for a .keras it is put into the one
// form. Those of an optimizer that is not known are left out.
TrainingState read_training_state(const Model& model, const std::filesystem::path& path);

// Names and order of an optimizer's weights in Keras 2.15, but for the first, "iteration:0": with class_name "Adam" and
// slots
// {"m", "v"} "Adam/m/dense/kernel:0", "Adam/v/dense/kernel:0", "Adam/m/dense/bias:0", … variable: of
// trainable_variables (keras/variables.h). Adam's vhat stands behind all others, RMSprop's slots stand one behind the
// other.
struct OptimizerWeight {
  std::string name;
  size_t variable = 0;
  size_t slot = 0;
};
std::vector<OptimizerWeight> optimizer_weight_names(const Model& model, const std::string& class_name,
                                                    const std::vector<std::string>& slots);

}  // namespace hoarfrost::keras
