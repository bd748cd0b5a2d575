#include "cli/training_data.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include "cli/numbers.h"

namespace hoarfrost::cli {
namespace {

namespace fs = std::filesystem;
using training::Augmentation;

// One number, or the two ends of a range.
void set_range(const std::vector<double>& values, bool is_about_1, double& low, double& high) {
  if (values.size() == 2)
    low = values[0], high = values[1];
  else if (is_about_1)
    low = 1 - values[0], high = 1 + values[0];
  if (low > high || low < 0)
    throw CLI::ValidationError(
        fmt::format("expected a range of 0 or more whose first number is the smaller one, found {},{}", low, high));
}

void add_augmentation_options(CLI::App& app, Augmentation& augmentation) {
  constexpr const char* kGroup =
      "Augmentation (pictures change at random each time they are trained on, as by Keras' ImageDataGenerator)";
  const auto add = [&](const char* name, auto& target, const char* text) {
    return app.add_option(name, target, text)->group(kGroup);
  };
  add("--rotation-range,--rotation_range", augmentation.rotation_range, "Turn by up to so many degrees")
      ->check(kNotNegative);
  add("--width-shift-range,--width_shift_range", augmentation.width_shift_range,
      "Move sideways by up to this fraction of the width; 1 and more: pixels")
      ->check(kNotNegative);
  add("--height-shift-range,--height_shift_range", augmentation.height_shift_range,
      "Move up or down by up to this fraction of the height; 1 and more: pixels")
      ->check(kNotNegative);
  add("--shear-range,--shear_range", augmentation.shear_range, "Shear by up to so many degrees")->check(kNotNegative);
  app.add_option_function<std::vector<double>>(
         "--zoom-range,--zoom_range",
         [&augmentation](const std::vector<double>& values) {
           set_range(values, true, augmentation.zoom_low, augmentation.zoom_high);
         },
         "Zoom by 1 - Z to 1 + Z, or LOW,HIGH")
      ->delimiter(',')
      ->expected(1, 2)
      ->allow_extra_args(false)
      ->group(kGroup);
  app.add_option_function<std::vector<double>>(
         "--brightness-range,--brightness_range",
         [&augmentation](const std::vector<double>& values) {
           if (values.size() != 2) throw CLI::ValidationError("--brightness-range: expected LOW,HIGH, such as 0.8,1.2");
           set_range(values, false, augmentation.brightness_low, augmentation.brightness_high);
         },
         "LOW,HIGH: multiply the brightness by")
      ->delimiter(',')
      ->expected(1, 2)
      ->allow_extra_args(false)
      ->group(kGroup);
  add("--channel-shift-range,--channel_shift_range", augmentation.channel_shift_range, "Add up to this to all channels")
      ->check(kNotNegative);
  app.add_flag("--horizontal-flip,--horizontal_flip", augmentation.horizontal_flip, "Mirror half of them left to right")
      ->group(kGroup);
  app.add_flag("--vertical-flip,--vertical_flip", augmentation.vertical_flip, "Turn half of them upside down")
      ->group(kGroup);
  app.add_option_function<std::string>(
         "--fill-mode,--fill_mode",
         [&augmentation](const std::string& name) { augmentation.fill_mode = training::fill_mode_from_name(name); },
         "What lies outside a picture: nearest (default), constant, reflect or wrap")
      ->check(CLI::Validator(
          [](const std::string& name) -> std::string {
            try {
              (void)training::fill_mode_from_name(name);
            } catch (const Error& error) {
              return error.what();
            }
            return "";
          },
          "MODE"))
      ->group(kGroup);
  add("--cval", augmentation.cval, "The value outside, for --fill-mode constant");
}

training::ClassWeight class_weight_of(const std::string& text, const training::ModelFormat& model) {
  if (text.empty()) return {};
  if (model.outputs.size() != 1) {
    throw Error(ErrorCode::kInvalidArgument, "--class-weight",
                fmt::format("is for models of one output, as in Keras; this one has {}", model.outputs.size()));
  }
  const Shape& shape = model.outputs[0].shape;
  const bool has_classes = shape.has_rank() && shape.rank() == 1 && shape.last() > 1;
  return training::ClassWeight::parse(text, has_classes ? shape.last() : 0);
}

void expect_sense(const TrainingDataOptions& options) {
  if (options.validation.empty() || options.validation_split == 0) return;
  throw Error(ErrorCode::kInvalidArgument, "--validation-split",
              "the examples to validate on are given by --validation already: leave one of the two out");
}

void append(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  notes.insert(notes.end(), more.begin(), more.end());
}

}  // namespace

void add_training_data_options(CLI::App& app, TrainingDataOptions& options) {
  add_data_options(app, options.data);
  app.remove_option(app.get_option("--train-split"));  // it is what train takes
  options.data.train_split = true;
  app.add_option(
      "--validation,--validation-data", options.validation,
      "A second set like --data, to validate on after each epoch; of a folder that holds both, the test examples");
  app.add_option("--validation-split,--validation_split", options.validation_split,
                 "Validate on the last of the examples: a fraction, as Keras takes it, or a number of examples")
      ->check(kNotNegative);
  app.add_option("--class-weight,--class_weight", options.class_weight,
                 "What examples of each class count: 0:1,1:2.5 or JSON; all classes must be named");
  add_augmentation_options(app, options.augmentation);
}

TrainingData open_training_data(const TrainingDataOptions& options, const training::ModelFormat& model,
                                const fs::path& model_path, int threads) {
  expect_sense(options);
  TrainingData result;
  result.class_weight = class_weight_of(options.class_weight, model);
  data::OpenOptions how = open_options(options.data, model_path, threads);
  how.split = data::Split::kTrain;
  result.preprocessing = how.preprocessing;
  const fs::path path = options.data.path.empty() ? training::default_data(model, result.notes) : options.data.path;
  training::ExampleSet set = training::open_examples(path, model, how);
  result.train = set.examples;
  result.class_names = set.class_names;
  append(result.notes, set.notes);
  if (options.validation_split > 0) {
    const training::SplitExamples parts = training::split(set.examples, options.validation_split, path.string());
    result.train = parts.train;
    result.validation = parts.validation;
  }
  if (!options.validation.empty()) {
    how.split = data::Split::kTest;
    how.labels.clear();
    const training::ExampleSet validation = training::open_examples(options.validation, model, how);
    if (!set.class_names.empty() && !validation.class_names.empty() && set.class_names != validation.class_names)
      throw Error(ErrorCode::kMismatch, options.validation.string(),
                  "expected the same classes as --data has; --classes says them for both");
    result.validation = validation.examples;
    append(result.notes, validation.notes);
  }
  if (!options.augmentation.is_none()) result.train = training::augmented(result.train, options.augmentation);
  return result;
}

}  // namespace hoarfrost::cli
