#include "evaluation/statistics.h"

#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace hoarfrost::evaluation {
namespace {

using ::testing::DoubleNear;
using ::testing::ElementsAre;
using ::testing::Pointwise;
using Json = nlohmann::json;
constexpr double kRounding = 1e-12;

TEST(Statistics, CategoricalByHand) {
  Statistics statistics(3, 2);
  const std::vector<int64_t> labels{0, 2, 1};
  statistics.add(Tensor::of<float>({3, 3}, {0.7F, 0.2F, 0.1F, 0.5F, 0.1F, 0.4F, 0.6F, 0.0F, 0.4F}), labels);
  const Evaluation result = statistics.result();
  EXPECT_EQ(result.examples, 3);
  EXPECT_DOUBLE_EQ(result.accuracy, 1.0 / 3);
  EXPECT_DOUBLE_EQ(result.top_k_accuracy, 2.0 / 3);
  EXPECT_THAT(result.loss, DoubleNear(-(std::log(0.7) + std::log(0.4) + std::log(1e-7)) / 3, 1e-6));
  EXPECT_THAT(result.confusion, ElementsAre(1, 0, 0, 1, 0, 0, 1, 0, 0));
  EXPECT_EQ(result.n_examples_of(1), 1);
}

TEST(Statistics, OneUnitIsBinary) {
  Statistics statistics(1, 5);
  const std::vector<int64_t> labels{1, 0, 0};
  statistics.add(Tensor::of<float>({3, 1}, {0.9F, 0.5F, 0.8F}), labels);
  const Evaluation result = statistics.result();
  EXPECT_DOUBLE_EQ(result.accuracy, 2.0 / 3);
  EXPECT_EQ(result.n_classes, 2);
  EXPECT_THAT(result.loss, DoubleNear(-(std::log(0.9) + std::log(0.5) + std::log(0.2)) / 3, 1e-6));
}

TEST(Statistics, NanIsNeverRightAndIsCounted) {
  Statistics statistics(2, 2, 5);
  const std::vector<int64_t> labels{1, 0, 1};
  statistics.add(Tensor::of<float>({3, 2}, {0.1F, 0.9F, NAN, 0.9F, 0.5F, NAN}), labels, 100);
  const Evaluation result = statistics.result();
  EXPECT_EQ(result.right, 1);
  EXPECT_EQ(result.top_k_right, 1);
  EXPECT_EQ(result.n_nan, 2);
  EXPECT_EQ(statistics.first_nan(), 101);
  EXPECT_THAT(result.confusion, ElementsAre(0, 0, 0, 1));
  EXPECT_EQ(result.n_examples_of(1), 2);  // recall counts them
  EXPECT_DOUBLE_EQ(result.classes[1].recall, 0.5);
  EXPECT_TRUE(result.worst.empty());
  EXPECT_THAT(result.loss, DoubleNear((-std::log(0.9) - 2 * std::log(1e-7)) / 3, 1e-6));
}

TEST(Statistics, LogitsAreTakenByTheirSoftmax) {
  Statistics statistics(2, 1, 1);
  const std::vector<int64_t> labels{1};
  statistics.add(Tensor::of<float>({1, 2}, {0.0F, -1.0F}), labels);
  const Evaluation result = statistics.result();
  ASSERT_EQ(result.worst.size(), 1U);
  EXPECT_THAT(result.worst[0].confidence, DoubleNear(1 / (1 + std::exp(-1)), kRounding));
}

TEST(Statistics, CalibrationByHand) {
  Statistics statistics(2, 1);
  const std::vector<int64_t> labels{0, 1, 0, 0};
  // Bins of 15: 0.625 falls into the tenth, 0.9375 into the fifteenth.
  statistics.add(Tensor::of<float>({4, 2}, {0.625F, 0.375F, 0.625F, 0.375F, 0.9375F, 0.0625F, 0.9375F, 0.0625F}),
                 labels);
  const Evaluation result = statistics.result();
  EXPECT_EQ(result.reliability[9].examples, 2);
  EXPECT_EQ(result.reliability[9].right, 1);
  EXPECT_EQ(result.reliability[14].right, 2);
  EXPECT_THAT(result.calibration_error, DoubleNear(0.5 * 0.125 + 0.5 * 0.0625, kRounding));
}

// --- as scikit-learn has it (tools/make_statistics_goldens.py)

class AsScikitLearn : public ::testing::TestWithParam<const char*> {};

Tensor tensor_of(const Json& rows) {
  Tensor result(DType::kFloat32, {static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())});
  size_t i = 0;
  for (const auto& row : rows) {
    for (const auto& value : row) result.mutable_values<float>()[i++] = value;
  }
  return result;
}

void expect_number(double found, const Json& expected, const std::string& what) {
  if (expected.is_null())
    EXPECT_TRUE(std::isnan(found)) << what;
  else
    EXPECT_NEAR(found, expected.get<double>(), kRounding) << what;
}

void expect_averages(const AverageScore& found, const Json& expected) {
  expect_number(found.precision, expected[0], "average precision");
  expect_number(found.recall, expected[1], "average recall");
  expect_number(found.f1, expected[2], "average F1");
}

TEST_P(AsScikitLearn, EveryNumber) {
  const auto path = std::filesystem::path(HOARFROST_GOLDEN) / "statistics" / (std::string(GetParam()) + ".json");
  const Json golden = Json::parse(File::open(path)->text());
  const Tensor outputs = tensor_of(golden["outputs"]);
  Statistics statistics(outputs.shape()[1], golden["top_k"]);
  statistics.add(outputs, golden["labels"].get<std::vector<int64_t>>());
  const Evaluation result = statistics.result();
  expect_number(result.accuracy, golden["accuracy"], "accuracy");
  expect_number(result.top_k_accuracy, golden["top_k_accuracy"], "top-k");
  // Keras' binary loss adds 1e-7 to the probability before the logarithm, scikit-learn's does not.
  EXPECT_NEAR(result.loss, golden["loss"].get<double>(), outputs.shape()[1] == 1 ? 1e-5 : kRounding);
  for (size_t c = 0; c < result.classes.size(); ++c) {
    const ClassScore& score = result.classes[c];
    EXPECT_EQ(score.examples, golden["examples"][c]);
    expect_number(score.precision, golden["precision"][c], "precision");
    expect_number(score.recall, golden["recall"][c], "recall");
    expect_number(score.f1, golden["f1"][c], "F1");
    expect_number(score.roc_area, golden["roc_area"][c], "ROC area");
    expect_number(score.average_precision, golden["average_precision"][c], "average precision");
    for (size_t p = 0; p < result.classes.size(); ++p)
      EXPECT_EQ(result.count(static_cast<int64_t>(c), static_cast<int64_t>(p)), golden["confusion"][c][p]);
  }
  expect_averages(result.macro, golden["macro"]);
  expect_averages(result.weighted, golden["weighted"]);
  const auto curve = roc_curve(result.pooled.yes, result.pooled.no);
  expect_number(area_under(curve), golden["pooled_roc_area"], "pooled ROC area");
  ASSERT_EQ(curve.size(), golden["pooled_roc"].size());
  for (size_t i = 0; i < curve.size(); ++i) {
    expect_number(curve[i].x, golden["pooled_roc"][i][0], "false positive rate");
    expect_number(curve[i].y, golden["pooled_roc"][i][1], "true positive rate");
  }
}
INSTANTIATE_TEST_SUITE_P(Cases, AsScikitLearn, ::testing::Values("four_classes", "unseen_classes", "one_unit"),
                         [](const auto& test) { return std::string(test.param); });

// --- thresholds

TEST(ScoreCounts, EveryProbabilityLiesBetweenItsThresholds) {
  for (int bin = 0; bin < ScoreCounts::kBins; ++bin) {
    EXPECT_LT(ScoreCounts::threshold(bin), ScoreCounts::threshold(bin + 1)) << bin;
    EXPECT_EQ(ScoreCounts::bin_of(ScoreCounts::threshold(bin)), bin);
    EXPECT_EQ(ScoreCounts::bin_of(std::nextafter(ScoreCounts::threshold(bin + 1), 0.0)), bin);
  }
  EXPECT_EQ(ScoreCounts::bin_of(1), ScoreCounts::kBins - 1);
  EXPECT_EQ(ScoreCounts::bin_of(0), 0);
  EXPECT_EQ(ScoreCounts::bin_of(1e-300), 0);
}

// --- adding up

// Rows that are right, wrong by more and less, and NaN; with pictures of one pixel that say which they are.
Tensor some_outputs(int64_t first, int64_t n) {
  Tensor result(DType::kFloat32, {n, 3});
  for (int64_t i = 0; i < n; ++i) {
    const int64_t example = first + i;
    for (int64_t c = 0; c < 3; ++c)
      result.mutable_values<float>()[static_cast<size_t>(i * 3 + c)] =
          static_cast<float>((example * 7 + c * 5) % 11 + 1) / 33;
    if (example % 13 == 12) result.mutable_values<float>()[static_cast<size_t>(i * 3)] = NAN;
  }
  return result;
}

Statistics counted(int64_t first, int64_t n) {
  Statistics statistics(3, 2, 4);
  std::vector<int64_t> labels;
  for (int64_t i = first; i < first + n; ++i) labels.push_back(i * 5 % 3);
  const auto picture = [&](int64_t row) { return Tensor::of<uint8_t>({1, 1, 1}, {static_cast<uint8_t>(first + row)}); };
  statistics.add(some_outputs(first, n), labels, first, picture);
  return statistics;
}

void expect_same(const Statistics& found, const Statistics& whole) {
  const Evaluation a = found.result(), b = whole.result();
  EXPECT_EQ(a.examples, b.examples);
  EXPECT_EQ(a.right, b.right);
  EXPECT_EQ(a.top_k_right, b.top_k_right);
  EXPECT_EQ(a.n_nan, b.n_nan);
  EXPECT_EQ(found.first_nan(), whole.first_nan());
  EXPECT_EQ(a.confusion, b.confusion);
  EXPECT_NEAR(a.loss, b.loss, kRounding);
  EXPECT_NEAR(a.calibration_error, b.calibration_error, kRounding);
  for (size_t c = 0; c < 3; ++c) EXPECT_EQ(a.by_class[c].no, b.by_class[c].no);
  ASSERT_EQ(a.worst.size(), b.worst.size());
  for (size_t i = 0; i < a.worst.size(); ++i) {
    EXPECT_EQ(a.worst[i].example, b.worst[i].example);
    EXPECT_EQ(a.worst[i].picture.values<uint8_t>()[0], static_cast<uint8_t>(b.worst[i].example));
  }
}

TEST(Statistics, PartsAddUpToTheWhole) {
  const Statistics whole = counted(0, 50);
  Statistics merged = counted(0, 17), sent = counted(0, 17);
  for (const auto& [first, n] : {std::pair(17, 0), std::pair(17, 20), std::pair(37, 13)}) {
    const Statistics part = counted(first, n);
    merged.merge(part);
    sent.merge_serialized(part.serialized());
  }
  expect_same(merged, whole);
  expect_same(sent, whole);
}

TEST(Statistics, TheWorstMistakesAreThoseOfTheLargestLoss) {
  const Evaluation all = counted(0, 50).result();
  ASSERT_EQ(all.worst.size(), 4U);
  for (size_t i = 1; i < 4; ++i) EXPECT_GE(all.worst[i - 1].loss, all.worst[i].loss);
  for (const Mistake& mistake : all.worst) EXPECT_NE(mistake.prediction, mistake.label);
}

TEST(Statistics, OthersOfAnotherSizeAreRefused) {
  Statistics statistics(3, 1);
  EXPECT_THROW(statistics.merge(Statistics(4, 1)), Error);
  EXPECT_THROW(statistics.merge_serialized(Statistics(4, 1).serialized()), Error);
  EXPECT_THROW(statistics.merge_serialized("short"), Error);
  EXPECT_THROW(statistics.add(Tensor(DType::kFloat32, {2, 4}), std::vector<int64_t>{0, 1}), Error);
}

TEST(Statistics, ManyClassesKeepNoTables) {
  Statistics statistics(Evaluation::kMaxConfusionClasses + 1, 1);
  statistics.add(Tensor(DType::kFloat32, {1, Evaluation::kMaxConfusionClasses + 1}), std::vector<int64_t>{0});
  const Evaluation result = statistics.result();
  EXPECT_TRUE(result.confusion.empty());
  EXPECT_EQ(result.classes[0].right, 1);
}

}  // namespace
}  // namespace hoarfrost::evaluation
