// Processes that share every batch, as threads: what they train must be what one process trains.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>

#include <cmath>
#include <cstring>

#include "distributed/testing_group.h"
#include "training/averages.h"
#include "training/testing_model.h"

namespace hoarfrost::training {
namespace {

using distributed::ThreadGroup;
using Weights = std::vector<std::pair<std::string, Tensor>>;

// A batch of examples first … first + n - 1 of which this member has its part, as Fit makes it.
Trainer::Batch part_of(const Trainer& trainer, const Examples& examples, int64_t first, int64_t n) {
  const auto share = distributed::share_of(trainer.options().group, n);
  Trainer::Batch batch = trainer.batch_of(std::max<int64_t>(share.n, 1));
  std::vector<int64_t> indices;
  for (int64_t i = 0; i < std::max<int64_t>(share.n, 1); ++i)
    indices.push_back(first + (share.n == 0 ? 0 : share.first) + i);
  examples.gather(indices, 0, batch.x, batch.y);
  for (float& weight : batch.example_weights.mutable_values<float>())
    weight = share.n == 0 ? 0 : 1 / static_cast<float>(n);
  batch.share = static_cast<double>(share.n) / static_cast<double>(n);
  return batch;
}

struct Trained {
  std::vector<double> losses;
  Weights weights;
  double accuracy = 0;
};

// Batches of these sizes, one after the other.
Trained train(const keras::Model& model, const Compilation& compilation, const Examples& examples,
              std::span<const int64_t> sizes, distributed::Group* group) {
  Trainer trainer(model, compilation, {.threads = 1, .group = group});
  trainer.begin(examples);
  Averages averages(trainer);
  Trained result;
  int64_t first = 0;
  for (const int64_t n : sizes) {
    const Trainer::Batch batch = part_of(trainer, examples, first, n);
    const Trainer::Result step = trainer.train_on_batch(batch);
    averages.add(step, batch, n);
    result.losses.push_back(step.loss);
    first += n;
  }
  trainer.expect_equal_weights();
  result.weights = trainer.weights();
  for (const auto& [name, value] : averages.logs("")) {
    if (name == "accuracy") result.accuracy = value;
  }
  return result;
}

std::vector<Trained> train_as_members(int n, const keras::Model& model, const Compilation& compilation,
                                      const Examples& examples, std::span<const int64_t> sizes) {
  std::vector<Trained> all(static_cast<size_t>(n));
  distributed::as_members(n, [&](ThreadGroup& group) {
    all[static_cast<size_t>(group.rank())] = train(model, compilation, examples, sizes, &group);
  });
  return all;
}

void expect_same_training(const std::vector<Trained>& members, const Trained& alone) {
  for (const Trained& member : members) {
    EXPECT_EQ(member.accuracy, alone.accuracy);
    for (size_t step = 0; step < alone.losses.size(); ++step)
      EXPECT_NEAR(member.losses[step], alone.losses[step], 2e-5 * std::abs(alone.losses[step])) << "step " << step;
    for (size_t i = 0; i < alone.weights.size(); ++i) {
      const auto& [name, expected] = alone.weights[i];
      const Tensor& found = member.weights[i].second;
      EXPECT_EQ(std::memcmp(found.bytes().data(), members[0].weights[i].second.bytes().data(), found.n_bytes()), 0)
          << name << " is not the same at every member";
      for (size_t k = 0; k < expected.values<float>().size(); ++k)
        EXPECT_NEAR(found.values<float>()[k], expected.values<float>()[k],
                    5e-5 * (1 + std::abs(expected.values<float>()[k])))
            << name << " " << k;
    }
  }
}

Json penalty() { return {{"class_name", "L2"}, {"config", {{"l2", 0.01}}}}; }

// Some batches do not divide by the members, and in some a member has no example at all.
constexpr int64_t kSizes[] = {12, 9, 12, 2, 1, 7};

TEST(Group, TrainsPicturesAsOneProcess) {
  const auto model = sequential({nullptr, 6, 6, 2},
                                {layer("Conv2D", {{"filters", 20}, {"kernel_size", {3, 3}}, {"activation", "relu"}}),
                                 layer("BatchNormalization", {{"momentum", 0.8}}),
                                 layer("Conv2D", {{"filters", 5},
                                                  {"kernel_size", {3, 3}},
                                                  {"kernel_regularizer", penalty()},
                                                  {"activity_regularizer", penalty()}}),
                                 layer("BatchNormalization", {{"scale", false}}), layer("Flatten", Json::object()),
                                 layer("Dense", {{"units", 3}, {"activation", "softmax"}})});
  const RandomExamples examples(43, {6, 6, 2});
  const Trained alone = train(*model, compilation(), examples, kSizes, nullptr);
  for (const int n : {2, 3}) expect_same_training(train_as_members(n, *model, compilation(), examples, kSizes), alone);
}

// What no fused kernel knows: rows, an axis that is not the last, several axes.
TEST(Group, TrainsOtherNormalizationsAsOneProcess) {
  const auto model = sequential(
      {nullptr, 3, 4, 2},
      {layer("BatchNormalization", {{"axis", 1}}), layer("BatchNormalization", {{"axis", {2, 3}}}),
       layer("Flatten", Json::object()),
       layer("Dense", {{"units", 8}, {"activation", "tanh"}, {"bias_regularizer", penalty()}}),
       layer("BatchNormalization", Json::object()), layer("Dense", {{"units", 3}, {"activation", "softmax"}})});
  const RandomExamples examples(43, {3, 4, 2});
  const Trained alone = train(*model, compilation(), examples, kSizes, nullptr);
  for (const int n : {2, 3}) expect_same_training(train_as_members(n, *model, compilation(), examples, kSizes), alone);
}

// Gradients are started from the last to the first at every member, whatever its batch.
TEST(Group, StartsSumsInOneOrder) {
  const auto model = sequential({nullptr, 5}, {layer("Dense", {{"units", 7}}), layer("Dense", {{"units", 3}})});
  const RandomExamples examples(20, {5});
  const int64_t sizes[] = {5, 5, 5, 1};
  std::vector<std::vector<size_t>> started(2);
  distributed::as_members(2, [&](ThreadGroup& group) {
    (void)train(*model, compilation(), examples, sizes, &group);
    started[static_cast<size_t>(group.rank())] = group.n_started();
  });
  std::vector<size_t> expected;
  for (size_t step = 0; step < 4; ++step) expected.insert(expected.end(), {3, 21, 7, 35});
  EXPECT_EQ(started[0], expected);
  EXPECT_EQ(started[1], expected);
}

TEST(Group, TellsWeightsThatDiffer) {
  const auto model = sequential({nullptr, 5}, {layer("Dense", {{"units", 3}})});
  std::vector<std::string> said(2);
  distributed::as_members(2, [&](ThreadGroup& group) {
    Trainer trainer(*model, compilation(), {.seed = group.rank() == 0 ? 1U : 2U, .threads = 1, .group = &group});
    try {
      trainer.expect_equal_weights();
    } catch (const Error& error) {
      said[static_cast<size_t>(group.rank())] = error.what();
    }
  });
  for (const std::string& text : said)
    EXPECT_EQ(text,
              "rank 1 and rank 0 have come to different weights: start all processes on the same kind of processor");
}

}  // namespace
}  // namespace hoarfrost::training
