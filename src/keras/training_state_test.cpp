// Optimizer states as each Keras writes them. Names and order are those of real files: of Keras 1.2.2, 2.0.8, 2.2.4
// and 2.3.1 (their optimizers.py), of tf.keras 2.4 to 2.10 (Keras 2.15's optimizers.legacy), of Keras 2.15.0
// and 3.15.0.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include "base/zip_writer.h"
#include "hdf5/tree.h"
#include "hdf5/writer.h"
#include "keras/save.h"
#include "keras/variables.h"
#include "temporary_folder.h"

namespace hoarfrost::keras {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::TemporaryFolder;

// Two Dense layers: kernels [5, 6] and [6, 3], biases [6] and [3].
std::shared_ptr<const Model> model() {
  return load(std::string(HOARFROST_GOLDEN) + "/layers/keras_2.15/compiled_adam.h5");
}

std::vector<Shape> shapes() { return {{5, 6}, {6}, {6, 3}, {3}}; }

using Weights = std::vector<std::pair<std::string, Tensor>>;

Tensor filled(const Shape& shape, float value) {
  Tensor result(DType::kFloat32, shape);
  std::ranges::fill(result.mutable_values<float>(), value);
  return result;
}

// One slot of all weights after the other, whose values count from 1: names(slot, weight).
template <typename Name>
void add_by_slot(Weights& weights, size_t n_slots, const Name& name) {
  for (size_t s = 0; s < n_slots; ++s) {
    for (size_t v = 0; v < 4; ++v)
      weights.emplace_back(name(s, v), filled(shapes()[v], static_cast<float>(1 + s * 4 + v)));
  }
}

TrainingState read(const std::string& optimizer_config, const Weights& weights) {
  const TemporaryFolder folder;
  OutputFile file(folder / "a.h5");
  hdf5::Writer writer(file);
  writer.text("/", "training_config", R"({"loss": "mse", "optimizer_config": )" + optimizer_config + "}");
  writer.group("/optimizer_weights");
  std::vector<std::string> names;
  for (const auto& [name, value] : weights) {
    names.push_back(name);
    writer.dataset("/optimizer_weights/" + name, value);
  }
  writer.names("/optimizer_weights", "weight_names", names);
  writer.finish();
  file.commit();
  return read_training_state(*model(), folder / "a.h5");
}

// "Adam/m/dense/kernel:0=1", by the first value.
std::vector<std::string> said(const TrainingState& state) {
  std::vector<std::string> result;
  for (const auto& [name, value] : state.optimizer_weights)
    result.push_back(name + "=" + std::to_string(static_cast<int>(Reader(value)[0])));
  return result;
}

const std::vector<std::string> kAdam{
    "iteration:0=7",          "Adam/m/dense/kernel:0=1",   "Adam/v/dense/kernel:0=5",   "Adam/m/dense/bias:0=2",
    "Adam/v/dense/bias:0=6",  "Adam/m/dense_1/kernel:0=3", "Adam/v/dense_1/kernel:0=7", "Adam/m/dense_1/bias:0=4",
    "Adam/v/dense_1/bias:0=8"};

const char* kPaths[] = {"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"};

TEST(TrainingState, Keras215sOwn) {
  const TrainingState state =
      read_training_state(*model(), std::string(HOARFROST_GOLDEN) + "/layers/keras_2.15/compiled_adam.h5");
  ASSERT_EQ(state.optimizer_weights.size(), 9U);
  EXPECT_EQ(state.optimizer_weights[1].first, "Adam/m/dense/kernel:0");
  EXPECT_THAT(state.training_config, HasSubstr("Custom>Adam"));
}

TEST(TrainingState, Keras3sOwn) {
  const std::string path = std::string(HOARFROST_GOLDEN) + "/layers/keras_3.15/compiled_adam.h5";
  const auto tree = hdf5::Tree::open({File::open(path), 0, File::open(path)->size()}, path, true);
  const TrainingState state = read_training_state(*load(path), path);
  ASSERT_EQ(state.optimizer_weights.size(), 9U);
  EXPECT_EQ(state.optimizer_weights[0].first, "iteration:0");
  EXPECT_EQ(state.optimizer_weights[2].first, "Adam/v/dense/kernel:0");
  const auto names = tree->names("/optimizer_weights", "weight_names");
  const auto v =
      std::ranges::find_if(*names, [](const std::string& name) { return name.ends_with("/dense_kernel_velocity"); });
  ASSERT_NE(v, names->end());
  EXPECT_TRUE(std::ranges::equal(state.optimizer_weights[2].second.bytes(),
                                 tree->dataset(hdf5::join("/optimizer_weights", *v)).bytes()));
}

TEST(TrainingState, TfKeras2Legacy) {
  Weights weights{{"training/Adam/iter:0", Tensor::scalar<int64_t>(7)}};
  add_by_slot(weights, 2, [](size_t s, size_t v) {
    return std::string("training/Adam/") + kPaths[v] + (s == 0 ? "/m:0" : "/v:0");
  });
  EXPECT_EQ(said(read(R"({"class_name": "Adam", "config": {"learning_rate": 0.001, "decay": 0.0, "amsgrad": false}})",
                      weights)),
            kAdam);
}

TEST(TrainingState, TfKeras2LegacyNames) {
  Weights weights{{"RMSprop/iter:0", Tensor::scalar<int64_t>(3)}};
  add_by_slot(weights, 3, [](size_t s, size_t v) {
    return std::string("RMSprop/") + kPaths[v] + (s == 0 ? "/rms:0" : s == 1 ? "/momentum:0" : "/mg:0");
  });
  EXPECT_THAT(
      said(read(R"({"class_name": "RMSprop", "config": {"momentum": 0.9, "centered": true}})", weights)),
      ElementsAre("iteration:0=3", "RMSprop/velocity/dense/kernel:0=1", "RMSprop/velocity/dense/bias:0=2",
                  "RMSprop/velocity/dense_1/kernel:0=3", "RMSprop/velocity/dense_1/bias:0=4",
                  "RMSprop/momentum/dense/kernel:0=5", "RMSprop/momentum/dense/bias:0=6",
                  "RMSprop/momentum/dense_1/kernel:0=7", "RMSprop/momentum/dense_1/bias:0=8",
                  "RMSprop/average_gradient/dense/kernel:0=9", "RMSprop/average_gradient/dense/bias:0=10",
                  "RMSprop/average_gradient/dense_1/kernel:0=11", "RMSprop/average_gradient/dense_1/bias:0=12"));
  Weights nadam{{"Nadam/iter:0", Tensor::scalar<int64_t>(7)}, {"Nadam/momentum_cache:0", Tensor::scalar<float>(0.5F)}};
  add_by_slot(nadam, 2,
              [](size_t s, size_t v) { return std::string("Nadam/") + kPaths[v] + (s == 0 ? "/m:0" : "/v:0"); });
  const auto found = said(read(R"({"class_name": "Nadam", "config": {}})", nadam));
  ASSERT_EQ(found.size(), 9U);
  EXPECT_EQ(found[2], "Nadam/v/dense/kernel:0=5");
}

// vhats of one zero each stand there when amsgrad is off.
TEST(TrainingState, Keras231) {
  Weights weights{{"Adam/iterations:0", Tensor::scalar<int64_t>(7)}};
  add_by_slot(weights, 2, [](size_t s, size_t v) {
    return std::string("training/Adam/") + (s == 0 ? "m_" : "v_") + std::to_string(v) + "_1:0";
  });
  for (int v = 0; v < 4; ++v) weights.emplace_back("training/Adam/vhat_" + std::to_string(v) + ":0", filled({1}, 0));
  EXPECT_EQ(said(read(R"({"class_name": "Adam", "config": {"learning_rate": 0.001, "amsgrad": false}})", weights)),
            kAdam);
}

TEST(TrainingState, Keras22AndBefore) {
  Weights weights{{"Adam/iterations:0", Tensor::scalar<int64_t>(7)}};
  int n = 0;
  const auto name = [&](size_t, size_t) {
    return n++ == 0 ? std::string("training/Adam/Variable:0") : "training/Adam/Variable_" + std::to_string(n) + ":0";
  };
  add_by_slot(weights, 2, name);
  for (int v = 0; v < 4; ++v) weights.emplace_back(name(0, 0), filled({1}, 0));
  EXPECT_EQ(said(read(R"({"class_name": "Adam", "config": {"lr": 0.001, "amsgrad": false}})", weights)), kAdam);
  // Keras 1.2.2 has the iterations among them, and RMSprop none at all.
  Weights first{{"Variable:0", Tensor::scalar<float>(7)}};
  add_by_slot(first, 2, name);
  EXPECT_EQ(said(read(R"({"class_name": "Adam", "config": {"lr": 0.001}})", first)), kAdam);
  Weights rms;
  add_by_slot(rms, 1, name);
  EXPECT_THAT(said(read(R"({"class_name": "RMSprop", "config": {"lr": 0.001}})", rms)),
              ElementsAre("iteration:0=0", "RMSprop/velocity/dense/kernel:0=1", "RMSprop/velocity/dense/bias:0=2",
                          "RMSprop/velocity/dense_1/kernel:0=3", "RMSprop/velocity/dense_1/bias:0=4"));
}

TEST(TrainingState, Keras3Names) {
  const char* paths[] = {"dense_kernel", "dense_bias", "dense_1_kernel", "dense_1_bias"};
  Weights weights{{"adam/iteration", Tensor::scalar<int32_t>(7)},
                  {"adam/learning_rate", Tensor::scalar<float>(0.001F)}};
  add_by_slot(weights, 3, [&](size_t s, size_t v) {
    return std::string("adam/") + paths[v] + (s == 0 ? "_momentum" : s == 1 ? "_velocity" : "_velocity_hat");
  });
  auto expected = kAdam;
  for (int v = 0; v < 4; ++v) expected.push_back(std::string("Adam/vhat/") + kPaths[v] + ":0=" + std::to_string(9 + v));
  EXPECT_EQ(said(read(R"({"class_name": "Adam", "config": {"amsgrad": true}})", weights)), expected);
  // Without momentum SGD keeps nothing there, and zeros in Keras 2.15.
  const auto sgd =
      said(read(R"({"class_name": "SGD", "config": {"momentum": 0.0}})",
                {{"sgd/iteration", Tensor::scalar<int32_t>(2)}, {"sgd/learning_rate", Tensor::scalar<float>(0.1F)}}));
  EXPECT_THAT(sgd, ElementsAre("iteration:0=2", "SGD/m/dense/kernel:0=0", "SGD/m/dense/bias:0=0",
                               "SGD/m/dense_1/kernel:0=0", "SGD/m/dense_1/bias:0=0"));
}

TEST(TrainingState, AnotherModels) {
  Weights weights{{"iteration:0", Tensor::scalar<int64_t>(7)},
                  {"Adam/m/dense/kernel:0", filled({5, 6}, 1)},
                  {"Adam/v/dense/kernel:0", filled({5, 6}, 1)}};
  const auto error_of = [&] {
    try {
      (void)read(R"({"class_name": "Custom>Adam", "config": {}})", weights);
    } catch (const Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_THAT(
      error_of(),
      HasSubstr(
          "a.h5:/optimizer_weights: the state of `Adam` (m) is of 1 weights, the model trains 4: is it this model's?"));
  weights.clear();
  add_by_slot(weights, 2,
              [](size_t s, size_t v) { return std::string("Adam/") + (s == 0 ? "m/" : "v/") + kPaths[v] + ":0"; });
  weights.insert(weights.begin(), {"iteration:0", Tensor::scalar<int64_t>(7)});
  weights[2].second = filled({7}, 1);
  EXPECT_THAT(error_of(),
              HasSubstr("the state of `Adam` (m) for the weight `dense/bias:0` has the shape [7], expected [6]"));
}

}  // namespace
}  // namespace hoarfrost::keras
