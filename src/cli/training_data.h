// The options by which `hoarfrost train` takes its data, and how it is opened.
#pragma once

#include <hoarfrost/examples.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "cli/data_source.h"
#include "training/class_weight.h"

namespace hoarfrost::cli {

struct TrainingDataOptions {
  DataSource data;                   // --data and how it is read; of a folder that holds both splits, the training one
  std::filesystem::path validation;  // --validation: a second set; empty: none
  double validation_split = 0;       // --validation-split: a fraction, or a number of examples; 0: none
  std::string class_weight;          // --class-weight, as typed
  training::Augmentation augmentation;  // --rotation-range and the others
};

// --data with all that add_data_options adds, --validation, --validation-split, --class-weight, and the augmentation
// options by Keras' names.
void add_training_data_options(CLI::App& app, TrainingDataOptions& options);

struct TrainingData {
  std::shared_ptr<const training::Examples> train;       // augmented
  std::shared_ptr<const training::Examples> validation;  // nullptr: none; never augmented
  std::vector<std::string> class_names;                  // by label; empty where the data does not say
  training::ClassWeight class_weight;                    // empty(): none
  data::Preprocessing preprocessing;                     // what was done to the inputs
  std::vector<std::string> notes;                        // for people, in order
};

// Reads the data for that model. model_path: whose preprocessing beside it counts (cli/data_source.h), or "". Without
// --data: CIFAR-10 from ~/.keras/datasets when it is there, else images that are generated for networks of [32, 32, 3]
// and [28, 28, 1], into the user's cache; a note says which. Throws what training::open_examples throws;
// Error{kInvalidArgument} for options that make no sense together (--validation with --validation-split).
TrainingData open_training_data(const TrainingDataOptions& options, const training::ModelFormat& model,
                                const std::filesystem::path& model_path, int threads = 0);

}  // namespace hoarfrost::cli
