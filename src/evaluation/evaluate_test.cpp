#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>

#include <cmath>

#include "evaluation/statistics.h"
#include "evaluation/testing_model.h"
#include "temporary_folder.h"

namespace hoarfrost::evaluation {
namespace {

using hoarfrost::testing_support::TemporaryFolder;
using ::testing::DoubleNear;
using ::testing::ElementsAre;
using testing_support::FrozenModel;
using testing_support::TestModel;

TEST(Statistics, CategoricalByHand) {
  Statistics score(3, 2);
  const std::vector<int64_t> labels{0, 2, 1};
  score.add(Tensor::of<float>({3, 3}, {0.7F, 0.2F, 0.1F, 0.5F, 0.1F, 0.4F, 0.6F, 0.0F, 0.4F}), labels);
  const Evaluation result = score.result();
  EXPECT_EQ(result.examples, 3);
  EXPECT_DOUBLE_EQ(result.accuracy, 1.0 / 3);
  EXPECT_DOUBLE_EQ(result.top_k_accuracy, 2.0 / 3);
  EXPECT_THAT(result.loss, DoubleNear(-(std::log(0.7) + std::log(0.4) + std::log(1e-7)) / 3, 1e-6));
  EXPECT_THAT(result.confusion, ElementsAre(1, 0, 0, 1, 0, 0, 1, 0, 0));
  EXPECT_EQ(result.n_examples_of(1), 1);
}

TEST(Statistics, OneUnitIsBinary) {
  Statistics score(1, 5);
  const std::vector<int64_t> labels{1, 0, 0};
  score.add(Tensor::of<float>({3, 1}, {0.9F, 0.5F, 0.8F}), labels);
  const Evaluation result = score.result();
  EXPECT_DOUBLE_EQ(result.accuracy, 2.0 / 3);
  EXPECT_EQ(result.n_classes, 2);
  EXPECT_THAT(result.loss, DoubleNear(-(std::log(0.9) + std::log(0.5) + std::log(0.2)) / 3, 1e-6));
}

TEST(Statistics, NanIsNeverRight) {
  Statistics score(2, 1);
  const std::vector<int64_t> labels{1};
  score.add(Tensor::of<float>({1, 2}, {NAN, 0.9F}), labels);
  EXPECT_EQ(score.result().accuracy, 0);
}

FrozenModel classifier() {
  TestModel model;
  model.input({kUnknown, 2, 2, 1});
  model.add("flat", "Flatten");
  model.add("dense", "Dense", R"("units": 3, "activation": "softmax")");
  return model.frozen();
}

TEST(Evaluate, CountsEveryExampleAsTheReferenceDoes) {
  const TemporaryFolder folder;
  std::string text = "label,a,b,c,d\n";
  for (int i = 0; i < 23; ++i)
    text += std::to_string(i % 3) + "," + std::to_string(i * 11) + ",7," + std::to_string(255 - i * 9) + ",0\n";
  write_file(folder / "a.csv", text);
  const FrozenModel model = classifier();
  const auto format = example_format(model.graph, model.signature);
  EXPECT_EQ(format.shape, Shape({2, 2, 1}));
  EXPECT_EQ(format.n_classes, 3);
  data::DataSet examples = data::DataSet::open(folder / "a.csv", format);
  const Evaluation all = evaluate(model.graph, model.signature, examples, {.batch_size = 5});
  EXPECT_EQ(all.examples, 23);
  examples.rewind();
  const Evaluation reference = evaluate_reference(model.lowered, examples, {.batch_size = 23});
  EXPECT_EQ(reference.examples, 23);
  EXPECT_EQ(reference.accuracy, all.accuracy);
  EXPECT_THAT(reference.loss, DoubleNear(all.loss, 1e-6));
  EXPECT_EQ(reference.confusion, all.confusion);
  examples.rewind();
  EXPECT_EQ(evaluate(model.graph, model.signature, examples, {.batch_size = 5, .drop_remainder = true}).examples, 20);
  examples.rewind();
  EXPECT_THROW(evaluate(model.graph, model.signature, examples, {.batch_size = 50, .drop_remainder = true}), Error);
}

TEST(Predict, FromNpzToNpzInBatches) {
  const TemporaryFolder folder;
  const FrozenModel model = classifier();
  Tensor x(DType::kFloat32, {7, 2, 2, 1});
  for (size_t i = 0; i < 28; ++i) x.mutable_values<float>()[i] = static_cast<float>(i) / 28;
  data::write_npz(folder / "in.npz", {{"in0", x}});
  predict_file(model.graph, model.signature, folder / "in.npz", folder / "out.npz", {.batch_size = 3});
  const auto arrays = data::read_npz(folder / "out.npz");
  const Tensor* out = data::find(arrays, "out0");
  ASSERT_NE(out, nullptr);
  const Tensor expected = reference_outputs(model.lowered, std::span(&x, 1)).at(0);
  ASSERT_EQ(out->shape(), Shape({7, 3}));
  const Tensor found = out->aligned();  // members of a .npz begin anywhere
  for (size_t i = 0; i < 21; ++i) EXPECT_NEAR(found.values<float>()[i], expected.values<double>()[i], 1e-6);
}

TEST(Predict, ErrorsNameTheInput) {
  const FrozenModel model = classifier();
  const auto message = [&](const data::NamedTensors& arrays) -> std::string {
    try {
      (void)match_inputs(model.graph, model.signature, arrays);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(message({{"a", Tensor::scalar<float>(1)}, {"b", Tensor::scalar<float>(1)}}),
            "input `input_1`: expected an array named `input_1` or `in0`, found a, b");
  EXPECT_EQ(message({{"x", Tensor(DType::kFloat32, {1, 3})}}),
            "input `input_1`: expected an array of shape [?, 2, 2, 1], found [1, 3]");
}

}  // namespace
}  // namespace hoarfrost::evaluation
