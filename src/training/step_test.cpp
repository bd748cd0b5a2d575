// What a training step of the tutorials' networks runs on.
#include "training/step.h"

#include <gtest/gtest.h>
#include <hoarfrost/keras.h>

#include <algorithm>

#include "training/initialize.h"

namespace hoarfrost::training {
namespace {

struct Network {
  const char* model;
  Shape x;
  Shape y;
  int64_t batch_size;
  friend std::ostream& operator<<(std::ostream& out, const Network& network) { return out << network.model; }
};

class Networks : public testing::TestWithParam<Network> {};

// A kernel is found for every step: an op's reference is plain loops, a hundred times slower. Only dropout's seed, two
// numbers, is added up by one.
TEST_P(Networks, TrainWithoutReferences) {
  keras::LoadOptions how;
  how.architecture_only = true;
  const auto model =
      initialized(*keras::load(std::string(HOARFROST_GOLDEN "/../../examples/") + GetParam().model, how), 0);
  const auto lowered = keras::lower(
      *model, {.name_suffix = {}, .phase = keras::Phase::kTraining, .recurrence = keras::RecurrenceForm::kUnroll});
  StepOptions options;
  options.x_shapes = {GetParam().x};
  options.y_shapes = {GetParam().y};
  options.losses = {Loss(Json("categorical_crossentropy"))};
  options.batch_size = GetParam().batch_size;
  Step step(step_graph(lowered, options), 2);
  for (const runtime::Step& part : step.plan()) {
    const bool is_of_seed = part.name.ends_with("/random/seed");
    EXPECT_FALSE(part.implementation.starts_with("ref") && !is_of_seed) << part.name << ": " << part.implementation;
  }
}

// Each gradient is told once, when it has its values, the last layer's before the first's.
TEST_P(Networks, GradientsComeWhileTheBackwardPassRuns) {
  keras::LoadOptions how;
  how.architecture_only = true;
  const auto model =
      initialized(*keras::load(std::string(HOARFROST_GOLDEN "/../../examples/") + GetParam().model, how), 0);
  const auto lowered = keras::lower(
      *model, {.name_suffix = {}, .phase = keras::Phase::kTraining, .recurrence = keras::RecurrenceForm::kUnroll});
  StepOptions options;
  options.x_shapes = {GetParam().x};
  options.y_shapes = {GetParam().y};
  options.losses = {Loss(Json("categorical_crossentropy"))};
  options.batch_size = 2;
  Step step(step_graph(lowered, options), 2);
  Tensor x(DType::kFloat32, with_batch(GetParam().x, 2)), y(DType::kFloat32, with_batch(GetParam().y, 2)),
      weights(DType::kFloat32, {2});
  for (Tensor* tensor : {&x, &y, &weights}) std::ranges::fill(tensor->mutable_values<float>(), 0.5F);
  std::vector<Tensor> variables;
  for (const std::string& name : lowered.variable_names) variables.push_back(lowered.variables.at(name));
  const Step::Feed feed{{&x, 1}, {&y, 1}, &weights, {}, variables};
  (void)step.run(feed);
  int64_t n_steps = 0;
  std::vector<int64_t> told(step.graph().trainable.size(), -1);
  std::vector<std::vector<float>> values(told.size());
  (void)step.run(feed, [&](std::span<const size_t> places) {
    ++n_steps;
    for (const size_t i : places) {
      EXPECT_EQ(told[i], -1);
      told[i] = n_steps;
      const auto found = step.gradients()[i].values<float>();
      values[i].assign(found.begin(), found.end());
    }
  });
  EXPECT_EQ(n_steps, static_cast<int64_t>(step.plan().size()));
  for (size_t i = 0; i < told.size(); ++i)
    EXPECT_TRUE(std::ranges::equal(values[i], step.gradients()[i].values<float>())) << step.graph().trainable[i];
  // The last layer's are there while those before it, a step or more for each, are still to come.
  const auto n_layers = static_cast<int64_t>(told.size()) / 2;
  EXPECT_GE(told.front() - told.back(), n_layers);
}

INSTANTIATE_TEST_SUITE_P(Tutorials, Networks,
                         testing::Values(Network{"cifar10/model.json", {32, 32, 3}, {10}, 100},
                                         Network{"sign_language/model.json", {28, 28, 1}, {25}, 32}));

}  // namespace
}  // namespace hoarfrost::training
