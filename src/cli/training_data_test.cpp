#include "cli/training_data.h"

#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <cstdlib>

#include "data/generated.h"
#include "temporary_folder.h"

namespace hoarfrost::cli {
namespace {

namespace fs = std::filesystem;
using hoarfrost::testing_support::TemporaryFolder;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TrainingDataOptions parsed(std::vector<std::string> arguments) {
  CLI::App app;
  TrainingDataOptions options;
  add_training_data_options(app, options);
  std::ranges::reverse(arguments);
  app.parse(std::move(arguments));
  return options;
}

const training::ModelFormat kCifar{{{"input_1", {32, 32, 3}}}, {{"dense_2", {10}}}};

std::vector<float> inputs(const training::Examples& examples, uint64_t seed) {
  std::vector<Tensor> x{Tensor(DType::kFloat32, {2, 32, 32, 3})}, y{Tensor(DType::kFloat32, {2, 10})};
  examples.gather(std::vector<int64_t>{0, 1}, seed, x, y);
  return {x[0].values<float>().begin(), x[0].values<float>().end()};
}

std::string error_of(const std::vector<std::string>& arguments, const training::ModelFormat& model = kCifar) {
  try {
    (void)open_training_data(parsed(arguments), model, "");
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

TEST(TrainingData, OptionsByKerasNames) {
  const auto options = parsed({"--data", "d", "--validation_split", "0.2", "--rotation_range", "15", "--zoom-range",
                               "0.1", "--brightness-range", "0.5,1.5", "--horizontal-flip", "--fill-mode", "wrap",
                               "--class-weight", "0:1,1:2"});
  EXPECT_EQ(options.data.path, "d");
  EXPECT_EQ(options.validation_split, 0.2);
  EXPECT_EQ(options.augmentation.rotation_range, 15);
  EXPECT_EQ(options.augmentation.zoom_low, 0.9);
  EXPECT_EQ(options.augmentation.zoom_high, 1.1);
  EXPECT_EQ(options.augmentation.brightness_low, 0.5);
  EXPECT_TRUE(options.augmentation.horizontal_flip);
  EXPECT_EQ(options.augmentation.fill_mode, training::FillMode::kWrap);
  EXPECT_EQ(options.class_weight, "0:1,1:2");
  EXPECT_EQ(parsed({"--zoom-range", "0.5,2"}).augmentation.zoom_high, 2);
  EXPECT_THAT(error_of({"--zoom-range", "2,0.5"}),
              HasSubstr("expected a range of 0 or more whose first number is the smaller one"));
  EXPECT_THAT(error_of({"--brightness-range", "1"}), HasSubstr("expected LOW,HIGH, such as 0.8,1.2"));
  EXPECT_THAT(error_of({"--fill-mode", "mirror"}),
              HasSubstr("expected one of nearest, constant, reflect, wrap, found `mirror`"));
  EXPECT_THAT(error_of({"--train-split"}), HasSubstr("--train-split"));
}

TEST(TrainingData, SplitSetAndAugmentation) {
  const TemporaryFolder folder;
  data::write_generated_cifar10(folder.path(), 50, 7, 1);
  const std::string path = folder.path().string();
  const auto split = open_training_data(parsed({"--data", path, "--validation-split", "0.1"}), kCifar, "");
  EXPECT_EQ(split.train->size(), 45);
  ASSERT_NE(split.validation, nullptr);
  EXPECT_EQ(split.validation->size(), 5);
  EXPECT_EQ(split.class_names.size(), 10U);
  EXPECT_TRUE(split.class_weight.empty());
  EXPECT_EQ(inputs(*split.train, 1), inputs(*split.train, 2));
  const auto changed =
      open_training_data(parsed({"--data", path, "--validation", path, "--rotation-range", "20"}), kCifar, "");
  EXPECT_EQ(changed.train->size(), 50);
  EXPECT_EQ(changed.validation->size(), 7);
  EXPECT_NE(inputs(*changed.train, 1), inputs(*changed.train, 2));
  EXPECT_EQ(inputs(*changed.train, 1), inputs(*changed.train, 1));
  EXPECT_EQ(inputs(*changed.validation, 1), inputs(*changed.validation, 2));
  // A mirrored picture, told by hand: Keras' flip comes before the scaling, which is the same for all pixels.
  const auto mirrored = open_training_data(parsed({"--data", path, "--horizontal-flip"}), kCifar, "");
  const auto plain = inputs(*split.train, 0);
  bool was_mirrored = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const auto x = inputs(*mirrored.train, seed);
    was_mirrored = was_mirrored || (x[0] == plain[31 * 3] && x[1] == plain[31 * 3 + 1] && x[31 * 3] == plain[0] &&
                                    x[32 * 3] == plain[63 * 3]);
  }
  EXPECT_TRUE(was_mirrored);
}

TEST(TrainingData, WhatMakesNoSense) {
  const TemporaryFolder folder;
  data::write_generated_cifar10(folder.path(), 50, 7, 1);
  const std::string path = folder.path().string();
  EXPECT_THAT(error_of({"--data", path, "--validation", path, "--validation-split", "0.1"}),
              HasSubstr("--validation-split: the examples to validate on are given by --validation already"));
  EXPECT_THAT(error_of({"--data", path, "--validation-split", "50"}), HasSubstr("none would be left to train on"));
  EXPECT_THAT(error_of({"--data", path, "--class-weight", "0:1"}),
              HasSubstr("expected a weight for each of 10 classes, found none for class 1"));
  const training::ModelFormat five{{{"input_1", {32, 32, 3}}}, {{"dense_2", {5}}}};
  EXPECT_THAT(error_of({"--data", path}, five), HasSubstr("10 classes"));
  const training::ModelFormat other{{{"input_1", {64, 64, 3}}}, {{"dense_2", {10}}}};
  EXPECT_THAT(error_of({"--data", path}, other), HasSubstr("--resize 64x64 would fit"));
  const training::ModelFormat vector{{{"input_1", {7}}}, {{"dense_2", {10}}}};
  EXPECT_THAT(error_of({}, vector), HasSubstr("--data: no example data to train a model of inputs [7] on"));
  write_file(folder / "v.csv", "1,2,3\n0,4,5\n");
  const training::ModelFormat two{{{"input_1", {2}}}, {{"dense_2", {2}}}};
  EXPECT_THAT(
      error_of({"--data", (folder / "v.csv").string(), "--rotation-range", "5"}, two),
      HasSubstr(
          "expected pictures [height, width, channels] to change at random (rotation_range 5), found examples [2]"));
}

TEST(TrainingData, WithoutDataKerasFolderOrGeneratedImages) {
  const TemporaryFolder home;
  setenv("HOME", home.path().c_str(), 1);
  unsetenv("XDG_CACHE_HOME");
  unsetenv("KERAS_HOME");
  const training::ModelFormat hands{{{"input_1", {28, 28, 1}}}, {{"dense_2", {25}, training::Labels::kSparse}}};
  for (int round = 0; round < 2; ++round) {
    const auto made = open_training_data(parsed({}), hands, "");
    EXPECT_EQ(made.train->size(), 12000);
    ASSERT_EQ(made.notes.size(), 1U);
    EXPECT_THAT(made.notes[0], HasSubstr((home / ".cache/hoarfrost/generated-sign-language").string()));
  }
  const fs::path keras = home / ".keras/datasets/cifar-10-batches-py";
  fs::create_directories(keras);
  data::write_generated_cifar10(keras, 20, 5, 1);
  const auto found = open_training_data(parsed({}), kCifar, "");
  EXPECT_EQ(found.train->size(), 20);
  EXPECT_THAT(found.notes[0], HasSubstr("Keras' CIFAR-10 in " + keras.string()));
}

}  // namespace
}  // namespace hoarfrost::cli
