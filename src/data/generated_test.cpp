#include "data/generated.h"

#include <gmock/gmock.h>
#include <hoarfrost/data.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "temporary_folder.h"

namespace hoarfrost::data {
namespace {

using hoarfrost::testing_support::TemporaryFolder;
using ::testing::HasSubstr;

Batch all_of(const std::filesystem::path& folder, const Shape& shape, int64_t n_classes, Split split) {
  DataSet set = DataSet::open(folder, {shape, DType::kFloat32, n_classes}, split);
  return set.next(set.size());
}

TEST(Generated, TheReadersOfTheRealSetsReadIt) {
  const TemporaryFolder folder, again;
  write_generated_cifar10(folder.path(), 203, 50, 1);
  write_generated_cifar10(again.path(), 203, 50, 1);
  for (const char* name : {"data_batch_1.bin", "data_batch_5.bin", "test_batch.bin", "batches.meta.txt"})
    EXPECT_EQ(File::open(folder / name)->text(), File::open(again / name)->text());
  DataSet set = DataSet::open(folder.path(), {{32, 32, 3}, DType::kFloat32, 10}, Split::kTrain);
  EXPECT_EQ(set.kind(), "CIFAR-10");
  EXPECT_EQ(set.size(), 203);
  EXPECT_EQ(set.class_names().size(), 10U);
  const Batch train = set.next(203), test = all_of(folder.path(), {32, 32, 3}, 10, Split::kTest);
  EXPECT_EQ(std::set<int64_t>(train.labels.begin(), train.labels.end()).size(), 10U);
  EXPECT_EQ(test.labels.size(), 50U);
  EXPECT_NE(train.x.values<float>()[0], test.x.values<float>()[0]);
}

TEST(Generated, SignLanguageHas24Labels) {
  const TemporaryFolder folder;
  write_generated_sign_language(folder.path(), 600, 30, 1);
  const Batch train = all_of(folder.path(), {28, 28, 1}, 25, Split::kTrain);
  EXPECT_EQ(train.x.shape(), Shape({600, 28, 28, 1}));
  const std::set<int64_t> labels(train.labels.begin(), train.labels.end());
  EXPECT_EQ(labels.size(), 24U);
  EXPECT_FALSE(labels.contains(9));
  EXPECT_EQ(*labels.rbegin(), 24);
  EXPECT_EQ(all_of(folder.path(), {28, 28, 1}, 25, Split::kTest).labels.size(), 30U);
}

// Softmax regression by gradient descent: what a model without hidden layers makes of it.
TEST(Generated, LinearModelDoesNotLearnThePatterns) {
  constexpr int64_t kValues = 3072, kClasses = 10;
  const TemporaryFolder folder;
  write_generated_cifar10(folder.path(), 2000, 500, 1);
  const Batch train = all_of(folder.path(), {32, 32, 3}, 10, Split::kTrain),
              test = all_of(folder.path(), {32, 32, 3}, 10, Split::kTest);
  std::vector<float> weights(kClasses * kValues);
  const auto scores = [&](const float* x) {
    std::array<float, kClasses> result{};
    for (int64_t c = 0; c < kClasses; ++c) {
      for (int64_t i = 0; i < kValues; ++i)
        result[static_cast<size_t>(c)] += weights[static_cast<size_t>(c * kValues + i)] * (x[i] - 0.5F);
    }
    return result;
  };
  for (int epoch = 0; epoch < 5; ++epoch) {
    for (size_t row = 0; row < train.labels.size(); ++row) {
      const float* x = train.x.values<float>().data() + row * kValues;
      auto p = scores(x);
      const float most = *std::ranges::max_element(p);
      float sum = 0;
      for (float& value : p) sum += value = std::exp(value - most);
      for (int64_t c = 0; c < kClasses; ++c) {
        const float step = 0.002F * (p[static_cast<size_t>(c)] / sum - (train.labels[row] == c ? 1.0F : 0.0F));
        for (int64_t i = 0; i < kValues; ++i) weights[static_cast<size_t>(c * kValues + i)] -= step * (x[i] - 0.5F);
      }
    }
  }
  int n_right = 0;
  for (size_t row = 0; row < test.labels.size(); ++row) {
    const auto p = scores(test.x.values<float>().data() + row * kValues);
    n_right += std::ranges::max_element(p) - p.begin() == test.labels[row] ? 1 : 0;
  }
  EXPECT_LT(n_right, 250);  // of 500
}

TEST(Generated, Counts) {
  const TemporaryFolder folder;
  for (const int64_t n : {int64_t{4}, int64_t{2'000'000}}) {
    try {
      write_generated_cifar10(folder.path(), n, 10, 1);
      FAIL();
    } catch (const Error& error) {
      EXPECT_THAT(error.what(), HasSubstr("expected 5 to 1000000 examples to train on, found"));
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace hoarfrost::data
