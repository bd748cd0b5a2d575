// What a training step of the tutorials' networks runs on.
#include <gtest/gtest.h>
#include <hoarfrost/keras.h>

#include "training/initialize.h"
#include "training/step.h"

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
  const auto model = initialized(*keras::load(std::string(HOARFROST_GOLDEN "/../../examples/") + GetParam().model, how), 0);
  const auto lowered = keras::lower(*model, {.name_suffix = {}, .phase = keras::Phase::kTraining, .recurrence = keras::RecurrenceForm::kUnroll});
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

INSTANTIATE_TEST_SUITE_P(Tutorials, Networks,
                         testing::Values(Network{"cifar10/model.json", {32, 32, 3}, {10}, 100},
                                         Network{"sign_language/model.json", {28, 28, 1}, {25}, 32}));

}  // namespace
}  // namespace hoarfrost::training
