// What a training leaves for a later one.
#include "training/fit.h"

#include <gmock/gmock.h>
#include <hoarfrost/error.h>

#include "message_of.h"
#include "training/testing_model.h"

namespace hoarfrost::training {
namespace {

using testing_support::message_of;

struct Training {
  explicit Training(const char* text) : callback(make_callback(text)) {}
  std::shared_ptr<const keras::Model> model =
      sequential({nullptr, 5}, {layer("Dense", {{"units", 3}, {"activation", "softmax"}})});
  RandomExamples examples{20, {5}};
  Trainer trainer{*model, compilation(), {.threads = 1}};
  std::unique_ptr<Callback> callback;
  Fit fit{trainer,
          examples,
          nullptr,
          {callback.get()},
          {.epochs = 2, .batch_size = 8, .class_weight = {}, .show_progress = false}};
};

constexpr const char* kEarlyStopping =
    "EarlyStopping(monitor='loss', mode='max', patience=9, restore_best_weights=True)";

TEST(Fit, KeepsTheBestWeightsInTheFile) {
  const std::string path = testing::TempDir() + "fit_test_kept.h5";
  Training first(kEarlyStopping);
  first.fit.run();
  const auto best = first.callback->kept_weights();  // the first epoch's, whose loss is the largest
  ASSERT_EQ(best.size(), 2U);
  EXPECT_NE(best[0].second.values<float>()[0], first.trainer.weights()[0].second.values<float>()[0]);
  first.fit.save(path, false);
  const auto state = keras::read_training_state(*first.model, path);

  Training second(kEarlyStopping);
  second.fit.restore(state);
  const auto kept = second.callback->kept_weights();
  ASSERT_EQ(kept.size(), 2U);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(kept[i].first, best[i].first);
    EXPECT_TRUE(std::ranges::equal(kept[i].second.values<float>(), best[i].second.values<float>())) << best[i].first;
  }
}

TEST(Fit, RefusesKeptWeightsOfAnotherModel) {
  Training training(kEarlyStopping);
  keras::TrainingState state;
  state.hoarfrost = training.fit.state();
  state.kept_weights = {{"EarlyStopping/layer_0/kernel", Tensor(DType::kFloat32, {5, 4})}};
  EXPECT_EQ(message_of([&] { training.fit.restore(state); }),
            "training state: the kept weight `EarlyStopping/layer_0/kernel` [5, 4] is none of this model's");
  state.kept_weights = {{"EarlyStopping/layer_9/kernel", Tensor(DType::kFloat32, {5, 3})}};
  EXPECT_THAT(message_of([&] { training.fit.restore(state); }),
              testing::HasSubstr("`EarlyStopping/layer_9/kernel` [5, 3] is none of this model's"));
  // Another callback's are nobody's.
  state.kept_weights = {{"EarlyStopping_1/layer_9/kernel", Tensor(DType::kFloat32, {5, 3})}};
  EXPECT_EQ(message_of([&] { training.fit.restore(state); }), "no error");
}

}  // namespace
}  // namespace hoarfrost::training
