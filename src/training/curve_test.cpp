// A whole training against real Keras 2.15: the loss of each of 200 steps, tests/golden/training/curve.json
// (tools/make_training_goldens.py).
#include <gtest/gtest.h>
#include <hoarfrost/keras.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "distributed/testing_group.h"
#include "training/trainer.h"

namespace hoarfrost::training {
namespace {

// Pictures and their classes, as the golden lists them.
class ListedExamples : public Examples {
 public:
  explicit ListedExamples(const Json& golden)
      : labels_(golden.at("labels").get<std::vector<float>>()), x_(golden.at("x").get<std::vector<float>>()) {
    const auto sizes = golden.at("x_shape").get<std::vector<int64_t>>();
    x_shapes_ = {Shape(std::vector<int64_t>(sizes.begin() + 1, sizes.end()))};
    y_shapes_ = {Shape{}};
  }
  [[nodiscard]] int64_t size() const override { return static_cast<int64_t>(labels_.size()); }
  [[nodiscard]] const std::vector<Shape>& x_shapes() const override { return x_shapes_; }
  [[nodiscard]] const std::vector<Shape>& y_shapes() const override { return y_shapes_; }
  void gather(std::span<const int64_t> indices, uint64_t /*seed*/, std::span<Tensor> x,
              std::span<Tensor> y) const override {
    const auto n = static_cast<size_t>(x_shapes_[0].n_elements());
    const auto pictures = x[0].mutable_values<float>(), classes = y[0].mutable_values<float>();
    for (size_t row = 0; row < indices.size(); ++row) {
      const auto i = static_cast<size_t>(indices[row]);
      std::ranges::copy(std::span(x_).subspan(i * n, n), pictures.subspan(row * n, n).begin());
      classes[row] = labels_[i];
    }
  }

 private:
  std::vector<float> labels_, x_;
  std::vector<Shape> x_shapes_, y_shapes_;
};

// The losses of all steps, of a member with its part of each batch.
std::vector<double> train(const Json& golden, distributed::Group* group) {
  const std::string folder = HOARFROST_GOLDEN "/training/";
  const ListedExamples examples(golden);
  const auto model = keras::load(folder + "curve_start.h5");
  const auto [compilation, notes] =
      compilation_from(model->training_config, {model->layers[model->outputs.at(0).layer].name});
  EXPECT_TRUE(notes.empty()) << notes.at(0);
  Trainer trainer(*model, compilation, {.threads = group == nullptr ? 0 : 1, .group = group});
  trainer.begin(examples);
  const auto batch_size = golden.at("batch_size").get<int64_t>();
  EXPECT_EQ(examples.size() % batch_size, 0);
  const auto share = distributed::share_of(group, batch_size);
  Trainer::Batch batch = trainer.batch_of(share.n);
  std::ranges::fill(batch.example_weights.mutable_values<float>(), 1 / static_cast<float>(batch_size));
  batch.share = static_cast<double>(share.n) / static_cast<double>(batch_size);
  std::vector<int64_t> indices(static_cast<size_t>(share.n));
  std::vector<double> losses;
  for (int64_t step = 0; step < 200; ++step) {
    std::iota(indices.begin(), indices.end(), step * batch_size % examples.size() + share.first);
    examples.gather(indices, 0, batch.x, batch.y);
    losses.push_back(trainer.train_on_batch(batch).loss);
  }
  trainer.expect_equal_weights();
  return losses;
}

Json golden_curve() { return Json::parse(std::ifstream(HOARFROST_GOLDEN "/training/curve.json")); }

double largest_difference(const Json& golden, const std::vector<double>& found) {
  const auto losses = golden.at("losses").get<std::vector<double>>();
  EXPECT_EQ(losses.size(), 200U);
  double worst = 0;
  for (size_t step = 0; step < losses.size(); ++step) {
    EXPECT_NEAR(found.at(step), losses[step], std::max(1e-3 * std::abs(losses[step]), 1e-6)) << "step " << step;
    worst = std::max(worst, std::abs(found[step] - losses[step]) / std::abs(losses[step]));
  }
  return worst;
}

// Convolutions, an L2 penalty, BatchNormalization by the batch's statistics, pooling and Adam, each step on what the
// steps before left.
TEST(Curve, EachStepsLossIsKeras) {
  const Json golden = golden_curve();
  RecordProperty("largest_relative_difference", std::to_string(largest_difference(golden, train(golden, nullptr))));
}

TEST(Curve, EachStepsLossIsKerasOfThreeMembers) {
  const Json golden = golden_curve();
  distributed::as_members(3, [&](distributed::Group& group) {
    const double worst = largest_difference(golden, train(golden, &group));
    if (group.rank() == 0) RecordProperty("largest_relative_difference", std::to_string(worst));
  });
}

}  // namespace
}  // namespace hoarfrost::training
