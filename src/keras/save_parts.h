// What the files of save.h are made of.
#pragma once

#include <filesystem>
#include <string>

#include "hdf5/tree.h"
#include "hdf5/writer.h"
#include "keras/dialect.h"
#include "keras/save.h"
#include "keras/variables.h"

namespace hoarfrost::keras {

// A .keras of Keras 3. Errors as save_model.
void save_archive(const Model& model, const TrainingState& state, const std::filesystem::path& path);

// `layers/CLASS[_n]/vars/i` from the root, in the manner of Keras 2.15 (Dialect::kJson) or Keras 3, which names its
// groups.
void write_v3_weights(hdf5::Writer& writer, const Model& model, Dialect dialect);

void write_value(hdf5::Writer& writer, const std::string& path, const Variable& variable);
// TrainingState::kept_weights, in a group of Hoarfrost's own, and back from there.
void write_kept_weights(hdf5::Writer& writer, const TrainingState& state);
std::vector<std::pair<std::string, Tensor>> read_kept_weights(const hdf5::Tree& tree);
// Takes the space that the weights need, at least, and says how much that is.
uint64_t reserve_for(OutputFile& file, const Model& model, const TrainingState& state);

// Loss, metrics and optimizer as that Keras says them: kHdf5 gives Keras 2.15's training_config, kKeras3 Keras 3's
// compile_config. Throws Error{kUnsupported} naming the loss, metric or optimizer that it has not.
Json training_config_in(Dialect dialect, const std::string& training_config);

// Optimizer weights as Keras 3 keeps them under `optimizer/vars`, from TrainingState's form.
std::vector<Tensor> optimizer_vars_of_keras3(const TrainingState& state);

}  // namespace hoarfrost::keras
