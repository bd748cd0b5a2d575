// The public way to train: a network of the builder, fitted to arrays.
#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <hoarfrost/layers.h>
#include <hoarfrost/training.h>

#include "temporary_folder.h"

namespace hoarfrost::training {
namespace {

using namespace keras::layers;
using keras::models::Model;
using testing::HasSubstr;
using testing_support::TemporaryFolder;

// The class is which of two values is the larger one.
std::shared_ptr<const Examples> points(int64_t n) {
  Tensor x(DType::kFloat32, {n, 2}), y(DType::kFloat32, {n});
  const auto values = x.mutable_values<float>(), labels = y.mutable_values<float>();
  uint32_t state = 1;
  const auto draw = [&] { return static_cast<float>((state = state * 1664525U + 1013904223U) >> 8U) / (1U << 24U); };
  for (int64_t i = 0; i < n; ++i) {
    values[2 * i] = draw();
    values[2 * i + 1] = draw();
    labels[i] = values[2 * i] > values[2 * i + 1] ? 1 : 0;
  }
  return examples_of({x}, {y});
}

Model network() {
  keras::clear_session();
  const auto inputs = Input({2});
  auto x = Dense(8, {.activation = "relu"})(inputs);
  x = Dropout(0.1)(x);
  return Model(inputs, Dense(2, {.activation = "softmax"})(x));
}

const CompileArguments kCompile = {.optimizer = Object{"Adam", {{"learning_rate", 0.02}, {"decay", 1e-3}}},
                                   .loss = "sparse_categorical_crossentropy",
                                   .metrics = {"accuracy"},
                                   .loss_weights = {},
                                   .seed = 3,
                                   .threads = 1};

double last(const History& history, const std::string& name) {
  for (const auto& [key, value] : history.epochs.back()) {
    if (key == name) return value;
  }
  return -1;
}

TEST(CompiledModel, LearnsAndKeepsItsBest) {
  const TemporaryFolder folder;
  CompiledModel model(network(), kCompile);
  const auto [train, validation] = split(points(600), 0.2);
  EXPECT_EQ(train->size(), 480);
  const auto checkpoint =
      make_callback(Object{"ModelCheckpoint", {{"filepath", folder / "it's best.h5"}, {"save_best_only", true}}});
  const History history = model.fit(*train, {.batch_size = 20,
                                             .epochs = 8,
                                             .validation_data = validation.get(),
                                             .callbacks = {checkpoint.get()},
                                             .verbose = false});
  EXPECT_EQ(history.epochs.size(), 8U);
  EXPECT_GT(last(history, "val_accuracy"), 0.9);
  EXPECT_TRUE(std::filesystem::exists(folder / "it's best.h5"));
}

TEST(CompiledModel, GoesOnToTheBit) {
  const TemporaryFolder folder;
  const auto examples = points(100);
  const FitArguments two = {.batch_size = 32, .epochs = 2, .verbose = false},
                     four = {.batch_size = 32, .epochs = 4, .verbose = false};
  CompiledModel whole(network(), kCompile);
  whole.fit(*examples, four);
  whole.save_weights(folder / "whole.h5");

  CompiledModel half(network(), kCompile);
  half.fit(*examples, two);
  half.save(folder / "half.h5");
  half.save(folder / "half.keras");
  half.fit(*examples, four);
  half.save_weights(folder / "twice.h5");
  EXPECT_EQ(File::open(folder / "whole.h5")->text(), File::open(folder / "twice.h5")->text());
  for (const char* name : {"half.h5", "half.keras"}) {
    CompiledModel rest = CompiledModel::load_model(folder / name, 1);
    EXPECT_EQ(rest.fit(*examples, four).epochs.size(), 2U);
    rest.save_weights(folder / "rest.h5");
    EXPECT_EQ(File::open(folder / "whole.h5")->text(), File::open(folder / "rest.h5")->text()) << name;
  }
}

template <typename Do>
std::string message(const Do& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(CompiledModel, RefusesWhatMakesNoSense) {
  const auto compile = [](keras::Argument optimizer, keras::Argument loss, keras::Argument metrics) {
    return message([&] { CompiledModel(network(), {.optimizer = optimizer, .loss = loss, .metrics = metrics}); });
  };
  EXPECT_THAT(compile("adam", {}, {}), HasSubstr("expected a loss"));
  EXPECT_THAT(compile("adam", "crossentropie", {}), HasSubstr("`crossentropie` is not known"));
  EXPECT_THAT(compile("adamm", "mse", {}), HasSubstr("`adamm` is not known"));
  EXPECT_THAT(compile("adam", "mse", {"accurate"}), HasSubstr("`accurate`"));
  EXPECT_EQ(message([] { CompiledModel(network(), {.loss = "mse"}); }), "no error");
  CompiledModel model(network(), kCompile);
  EXPECT_THAT(message([&] { model.fit(*points(10), {.batch_size = 0}); }), HasSubstr("batch_size"));
  const auto ints = examples_of({Tensor(DType::kInt32, {4, 2})}, {Tensor(DType::kFloat32, {4})});
  EXPECT_THAT(message([&] { model.fit(*ints, {.verbose = false}); }),
              HasSubstr("the model takes float32, the array holds int32"));
  EXPECT_THAT(message([] {
                examples_of({Tensor(DType::kFloat32, {4, 2})}, {Tensor(DType::kFloat32, {3})});
              }),
              HasSubstr("of 4 and of 3 examples"));
}

}  // namespace
}  // namespace hoarfrost::training
