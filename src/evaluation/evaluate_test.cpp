#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/evaluation.h>

#include "evaluation/testing_model.h"
#include "temporary_folder.h"

namespace hoarfrost::evaluation {
namespace {

using hoarfrost::testing_support::TemporaryFolder;
using ::testing::DoubleNear;
using testing_support::FrozenModel;
using testing_support::TestModel;

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
