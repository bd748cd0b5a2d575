// For the training's tests: small models from their layers, and examples to train them on.
#pragma once

#include <gtest/gtest.h>
#include <hoarfrost/keras.h>

#include <cstring>
#include <fstream>
#include <random>

#include "training/trainer.h"

namespace hoarfrost::training {

// Random examples of any shape, with classes 0, 1 and 2.
class RandomExamples : public Examples {
 public:
  RandomExamples(int64_t n, const Shape& x) : x_shapes_{x}, y_shapes_{Shape{}} {
    std::minstd_rand random(3);
    std::normal_distribution<float> normal(0.5F, 2);
    x_.resize(static_cast<size_t>(n * x.n_elements()));
    for (float& value : x_) value = normal(random);
    for (int64_t i = 0; i < n; ++i) labels_.push_back(static_cast<float>(random() % 3));
  }
  [[nodiscard]] int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  [[nodiscard]] const std::vector<Shape>& x_shapes() const override { return x_shapes_; }
  [[nodiscard]] const std::vector<Shape>& y_shapes() const override { return y_shapes_; }
  void gather(std::span<const int64_t> indices, uint64_t /*seed*/, std::span<Tensor> x,
              std::span<Tensor> y) const override {
    const auto n = static_cast<size_t>(x_shapes_[0].n_elements());
    for (size_t row = 0; row < indices.size(); ++row) {
      const auto i = static_cast<size_t>(indices[row]);
      std::memcpy(x[0].mutable_values<float>().data() + row * n, x_.data() + i * n, n * sizeof(float));
      y[0].mutable_values<float>()[row] = labels_[i];
    }
  }

 private:
  std::vector<float> labels_, x_;
  std::vector<Shape> x_shapes_, y_shapes_;
};

inline Json layer(const char* class_name, Json config) {
  return {{"class_name", class_name}, {"config", std::move(config)}};
}

// Its layers are named layer_0, layer_1, …; weights are drawn.
inline std::shared_ptr<const keras::Model> sequential(const Json& input_shape, const std::vector<Json>& layers) {
  Json all = Json::array(
      {layer("InputLayer", {{"batch_input_shape", input_shape}, {"dtype", "float32"}, {"name", "input_1"}})});
  for (size_t i = 0; i < layers.size(); ++i) {
    all.push_back(layers[i]);
    all.back()["config"]["name"] = "layer_" + std::to_string(i);
  }
  const std::string path =
      testing::TempDir() + "testing_model_" + testing::UnitTest::GetInstance()->current_test_info()->name() + ".json";
  std::ofstream(path) << Json{{"class_name", "Sequential"},
                              {"config", {{"name", "m"}, {"layers", all}}},
                              {"keras_version", "2.15.0"},
                              {"backend", "tensorflow"}};
  keras::LoadOptions how;
  how.architecture_only = true;
  return keras::load(path, how);
}

inline Compilation compilation() {
  Compilation result;
  result.losses = {"sparse_categorical_crossentropy"};
  result.metrics = {{"accuracy"}};
  result.optimizer = {{"class_name", "SGD"}, {"config", {{"learning_rate", 0.05}, {"momentum", 0.9}}}};
  return result;
}

}  // namespace hoarfrost::training
