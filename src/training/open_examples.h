// Labelled data as a network is trained on it: read once, held in memory, at random access.
#pragma once

#include <hoarfrost/data.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "training/augmentation.h"
#include "training/examples.h"
#include "training/loss.h"

namespace hoarfrost::training {

// An input of the model: its name (Keras' layer), the shape of one example without the batch (sizes may be unknown),
// and its type.
struct InputFormat {
  std::string name;
  Shape shape;
  DType dtype = DType::kFloat32;
};
// An output of the model, and how its loss wants labels. kSparse: class numbers of shape [] for an output [classes]
// (the output's shape without its last axis). kDense: values of the output's shape, class numbers of the data made
// one-hot, or 0 and 1 for an output [1].
struct TargetFormat {
  std::string name;
  Shape shape;
  Labels labels = Labels::kDense;
};
struct ModelFormat {
  std::vector<InputFormat> inputs;
  std::vector<TargetFormat> outputs;
};

// A set that was read.
struct ExampleSet {
  std::shared_ptr<const Examples> examples;
  std::vector<std::string> class_names;  // by label; empty where the set does not say
  std::string kind;                      // "CIFAR-10"
  std::vector<std::string> notes;        // for people: pictures left out, resized
  uint64_t n_bytes = 0;                  // of memory that holds it
};

// Reads all of a set: bytes stay bytes (50,000 images of CIFAR-10 take 154 MB), other values are held in float32, or in
// the integer type that the model takes. Models of several inputs or outputs take arrays of an .npz or HDF5 file, named
// as the model's inputs and outputs, or x0, x1, … (in0, …) and y0, y1, … (out0, …) in the model's order. Throws what
// data::DataSet throws, and Error: kCorrupt (a label outside the classes, naming the example), kMismatch (targets that
// do not meet the output, naming both shapes), kUnsupported (several inputs from a kind of file that holds one).
ExampleSet open_examples(const std::filesystem::path& path, const ModelFormat& model, const data::OpenOptions& options);

// The same examples with random changes: Error{kMismatch} unless the model has one input and it is a picture.
std::shared_ptr<const Examples> augmented(const std::shared_ptr<const Examples>& examples,
                                          const Augmentation& augmentation);

// Examples first … first + n - 1, as a view. Throws Error{kInvalidArgument} outside the set.
std::shared_ptr<const Examples> part_of(const std::shared_ptr<const Examples>& examples, int64_t first, int64_t n);

// How many examples train when the last of them validate: a fraction below 1 as Keras' validation_split
// (floor(n · (1 − split)), Keras 2.15's train_validation_split), or a number of examples. Throws
// Error{kInvalidArgument} when one of the two would be empty.
int64_t split_at(int64_t n, double validation_split, const std::string& where);

}  // namespace hoarfrost::training
