// Labelled data as a network is trained on it, at random access, so that it can be shuffled: read from files, given as
// arrays, or of your own making.
#pragma once

#include <hoarfrost/data.h>
#include <hoarfrost/tensor.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::training {

// Derive from it for data of your own.
class Examples {
 public:
  virtual ~Examples() = default;
  [[nodiscard]] virtual int64_t size() const = 0;
  // Of one example, without the batch, in the order of the model's inputs and outputs. Classes as numbers have the
  // shape [].
  [[nodiscard]] virtual const std::vector<Shape>& x_shapes() const = 0;
  [[nodiscard]] virtual const std::vector<Shape>& y_shapes() const = 0;
  // Examples indices[i] into row i of each x [n, …] and y [n, …], which are there already and have the model's types; y
  // is float32. `seed` is that of the step: what augmentation draws for a row depends on it and the row alone.
  // Reentrant.
  virtual void gather(std::span<const int64_t> indices, uint64_t seed, std::span<Tensor> x,
                      std::span<Tensor> y) const = 0;
};

// How a loss wants its labels: of the prediction's shape (one-hot, or 0 and 1 for one unit), or class numbers.
enum class Labels { kDense, kSparse };

// What lies outside a picture, as scipy.ndimage calls it: a|abcd|d, k|abcd|k, abcd|dcba (its `reflect`), abcd|abcd.
enum class FillMode { kNearest, kConstant, kReflect, kWrap };
// "nearest"; the reverse throws Error{kInvalidArgument}, listing all.
std::string_view fill_mode_name(FillMode mode);
FillMode fill_mode_from_name(std::string_view name);

// Pictures changed at random while training, named and defined as Keras' ImageDataGenerator has them (Keras 2.15,
// keras/src/preprocessing/image.py: get_random_transform, apply_transform, apply_affine_transform).
// All 0 and false: nothing is changed.
struct Augmentation {
  double rotation_range = 0;                       // degrees: of [-range, range]
  double width_shift_range = 0;                    // below 1: a fraction of the width, else pixels: of [-range, range]
  double height_shift_range = 0;                   // likewise
  double shear_range = 0;                          // degrees
  double zoom_low = 1, zoom_high = 1;              // Keras' zoom_range: one number z is [1 - z, 1 + z]
  double brightness_low = 1, brightness_high = 1;  // brightness_range
  double channel_shift_range = 0;                  // added to all channels: of [-range, range]
  bool horizontal_flip = false;
  bool vertical_flip = false;
  FillMode fill_mode = FillMode::kNearest;
  double cval = 0;  // outside, for FillMode::kConstant

  bool operator==(const Augmentation&) const = default;
  [[nodiscard]] bool is_none() const;
  // For people: "rotation_range 15, horizontal_flip".
  [[nodiscard]] std::string to_string() const;
};

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
// The training examples, as data::OpenOptions has them when nothing else is said; default_data() where path is empty.
ExampleSet open_examples(const std::filesystem::path& path, const ModelFormat& model);

// The same examples with random changes: Error{kMismatch} unless the model has one input and it is a picture.
std::shared_ptr<const Examples> augmented(const std::shared_ptr<const Examples>& examples,
                                          const Augmentation& augmentation);

// Examples first … first + n - 1, as a view. Throws Error{kInvalidArgument} outside the set.
std::shared_ptr<const Examples> part_of(const std::shared_ptr<const Examples>& examples, int64_t first, int64_t n);

// Keras' validation_split: the first part trains and the last validates. A fraction below 1 (floor(n · (1 − split))
// train, Keras 2.15's train_validation_split), or a number of examples. Throws Error{kInvalidArgument}, which begins
// with `where`, when one of the two would be empty.
struct SplitExamples {
  std::shared_ptr<const Examples> train;
  std::shared_ptr<const Examples> validation;
};
SplitExamples split(const std::shared_ptr<const Examples>& examples, double validation_split,
                    const std::string& where = "validation_split");
int64_t split_at(int64_t n, double validation_split, const std::string& where);

// Keras' fit(x, y): arrays [n, …] in the model's order, x of the model's types; y is made float32. Class numbers are
// [n], one-hot rows [n, classes]. The memory is shared. Throws Error{kMismatch} where they are not equally long.
std::shared_ptr<const Examples> examples_of(std::vector<Tensor> x, std::vector<Tensor> y);

// The files to train a model on when nobody says any: CIFAR-10 in Keras' own folder (~/.keras/datasets) for inputs of
// [32, 32, 3], else pictures that are generated for [32, 32, 3] and [28, 28, 1], into the user's cache; a note says
// which. Throws Error{kInvalidArgument} for a model of other inputs.
std::filesystem::path default_data(const ModelFormat& model, std::vector<std::string>& notes);

}  // namespace hoarfrost::training
