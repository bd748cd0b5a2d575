#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>

#include <filesystem>

#include "keras/model.h"
#include "temporary_folder.h"

namespace hoarfrost::keras {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Files that Keras 2.15, 3.15, 2.0.8 and 1.2.2 wrote.
std::filesystem::path golden(const std::string& name) {
  return std::filesystem::path(HOARFROST_GOLDEN) / "keras" / name;
}

double sum(const Tensor& tensor) {
  const Reader reader(tensor);
  double result = 0;
  for (int64_t i = 0; i < tensor.n_elements(); ++i) result += reader[i];
  return result;
}

std::string error_of(const std::filesystem::path& path, const LoadOptions& options = {}) {
  try {
    (void)load(path, options);
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

std::string error_of_text(const std::string& text) {
  const testing_support::TemporaryFolder folder;
  write_file(folder / "model.h5", text);
  return error_of(folder / "model.h5");
}

// The sums are h5py's of the datasets of that name.
TEST(Load, NestedModelOfKeras2) {
  const auto model = load(golden("nested_model.h5"));
  EXPECT_EQ(model->class_name, "Functional");
  EXPECT_EQ(model->version, (Version{2, 15}));
  ASSERT_EQ(model->layers.size(), 3U);
  EXPECT_TRUE(model->layers[0].is_input);
  EXPECT_EQ(model->layers[0].input_shape, Shape({kUnknown, 6}));
  const ModelLayer& inner = model->layers[1].model->layers[1];
  EXPECT_EQ(inner.name, "inner_d");
  EXPECT_NEAR(sum(inner.weights[0]), -0.32924795150756836, 1e-6);
  EXPECT_NEAR(sum(model->layers[2].weights[0]), 2.8493242263793945, 1e-6);
  EXPECT_EQ(model->layers[2].calls[0].inputs[0], (TensorRef{1, 0, 0}));
  EXPECT_EQ(model->outputs[0], (TensorRef{2, 0, 0}));
}

TEST(Load, WeightsAreViewsOfTheFile) {
  const auto model = load(golden("nested_model.h5"));
  const FileRange* range = model->layers[2].weights[0].file_range();
  ASSERT_NE(range, nullptr);
  EXPECT_EQ(range->offset, 9336U);  // h5py's get_offset()
  EXPECT_EQ(range->n_bytes, 32U);
}

TEST(Load, NestedWeightsStandTrainableOnesFirst) {
  const auto model = load(golden("nested_seq.h5"));
  const ModelLayer& norm = model->layers[1].model->layers[2];
  EXPECT_EQ(norm.name, "batch_normalization");
  EXPECT_NEAR(sum(norm.weights[0]), 1.296521544456482, 1e-6);
  EXPECT_NEAR(sum(norm.weights[1]), 0.39014458656311035, 1e-6);
  EXPECT_NEAR(sum(norm.weights[2]), 1.1014198064804077, 1e-6);
  EXPECT_NEAR(sum(norm.weights[3]), 3.52305269241333, 1e-6);
}

TEST(Load, ModelCalledTwice) {
  const auto model = load(golden("siamese.h5"));
  EXPECT_EQ(model->layers[2].calls.size(), 2U);
  EXPECT_EQ(model->layers[3].calls[0].inputs, (std::vector<TensorRef>{{2, 0, 0}, {2, 1, 0}}));
}

TEST(Load, SequentialAsABareList) {
  const auto model = load(golden("k208_nested.h5"));
  EXPECT_EQ(model->version, (Version{2, 0}));
  const Model& sequential = *model->layers[2].model;
  EXPECT_EQ(sequential.class_name, "Sequential");
  EXPECT_TRUE(sequential.layers[0].is_input);
  EXPECT_EQ(sequential.layers[0].name, "dense_2_input");
  EXPECT_EQ(sequential.layers[0].input_shape, Shape({kUnknown, 4}));
}

TEST(Load, Keras3KeepsTheOrderOfDictionaryOutputs) {
  const auto model = load(golden("k3_dict_named.h5"));
  EXPECT_EQ(model->version, (Version{3, 15}));
  EXPECT_EQ(model->output_names, (std::vector<std::string>{"sum", "mul"}));
  EXPECT_EQ(model->layers[model->outputs[0].layer].name, "head_s");
}

TEST(Load, JsonWithWeightsOfEitherLayout) {
  const auto legacy = load(golden("dense_basic.json"), {golden("dense_basic_weights.h5"), {}});
  const auto v3 = load(golden("dense_basic.json"), {golden("dense_basic.weights.h5"), {}});
  EXPECT_NEAR(sum(legacy->layers[1].weights[0]), 1.08616, 1e-5);
  EXPECT_EQ(sum(v3->layers[1].weights[0]), sum(legacy->layers[1].weights[0]));
}

// Sums of h5py's; the Sequential's placeholder comes first.
TEST(Load, Keras1IsReadInTodaysWords) {
  const auto model = load(golden("k122_lenet.h5"));
  ASSERT_EQ(model->layers.size(), 7U);
  EXPECT_EQ(model->layers[1].class_name, "Conv2D");
  EXPECT_EQ(model->layers[1].weights[0].shape(), Shape({3, 3, 2, 4}));
  EXPECT_NEAR(sum(model->layers[1].weights[0]), 1.06094584, 1e-6);
  EXPECT_NEAR(sum(model->layers[4].weights[0]), -1.021001, 1e-6);
}

TEST(Load, JsonWithinJson) {
  const testing_support::TemporaryFolder folder;
  std::string text = "\"";
  const auto file = File::open(golden("dense_basic.json"));
  for (const char c : file->text()) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  write_file(folder / "model.h5", text + "\"");
  EXPECT_EQ(load(folder / "model.h5", {golden("dense_basic_weights.h5"), {}})->layers.size(), 2U);
}

TEST(Load, InputShapesFillWhatTheFileLeavesOpen) {
  LoadOptions options;
  options.input_shapes[""] = {8, 6};
  EXPECT_EQ(load(golden("nested_model.h5"), options)->layers[0].input_shape, Shape({8, 6}));
  options.input_shapes[""] = {8, 7};
  EXPECT_EQ(error_of(golden("nested_model.h5"), options),
            golden("nested_model.h5").string() + ": input `input_1`: the file says [?, 6], which [8, 7] contradicts");
}

TEST(Load, RefusesWithWordsThatHelp) {
  EXPECT_THAT(error_of(golden("dense_basic_weights.h5")),
              StartsWith(golden("dense_basic_weights.h5").string() +
                         ": holds weights only, of 2 layers: give the architecture too"));
  EXPECT_THAT(error_of(golden("dense_basic.json")), HasSubstr("an architecture without weights"));
  EXPECT_THAT(error_of_text(""), HasSubstr("found an empty file"));
  EXPECT_THAT(error_of_text("\x80\x04\x95"), HasSubstr("found a Python pickle"));
  EXPECT_THAT(error_of_text("version https://git-lfs.github.com/spec/v1\n"), HasSubstr("git lfs pull"));
  EXPECT_THAT(error_of_text("{\"class_name\": "),
              HasSubstr("expected JSON, found only its beginning: it ends after 15 bytes"));
  EXPECT_THAT(error_of_text("{\"a\": 1}"),
              HasSubstr("expected a Keras model (`class_name` and `config`), found other JSON"));
  EXPECT_THAT(error_of_text(std::string(100000, '[')), HasSubstr("nested more than"));
}

// The weights as Keras 2.15 had them when it saved; in the layouts of Keras 2.15, of 2.13 on Windows, of 2.13
// elsewhere.
TEST(Load, KerasArchivesOfEveryLayout) {
  for (const auto* name : {"chain.h5", "chain.keras", "chain_backslashes.keras", "chain_dependencies.keras"}) {
    const auto model = load(golden(name));
    ASSERT_EQ(model->layers.size(), 6U) << name;
    EXPECT_NEAR(sum(model->layers[1].weights[0]), 0.5648738, 1e-6) << name;
    EXPECT_NEAR(sum(model->layers[2].weights[3]), -1.9781784, 1e-6) << name;
    EXPECT_NEAR(sum(model->layers[3].model->layers[1].weights[0]), 0.5935848, 1e-6) << name;
    EXPECT_NEAR(sum(model->layers[4].weights[0]), 0.6837979, 1e-6) << name;
    EXPECT_NEAR(sum(model->layers[5].weights[1]), 0.38162056, 1e-6) << name;
  }
}

TEST(Load, StoredMembersAreViewsOfTheArchive) {
  const Tensor stored = load(golden("dense_basic.keras"))->layers[1].weights[0];
  const Tensor inflated = load(golden("dense_basic_deflated.keras"))->layers[1].weights[0];
  ASSERT_NE(stored.file_range(), nullptr);
  EXPECT_EQ(stored.file_range()->file->path(), golden("dense_basic.keras"));
  EXPECT_EQ(inflated.file_range(), nullptr);
  EXPECT_EQ(sum(stored), sum(inflated));
  EXPECT_EQ(sum(stored),
            sum(load(golden("dense_basic.json"), {golden("dense_basic.keras"), {}})->layers[1].weights[0]));
}

// Teachable Machine's converted_keras.zip: keras_model.h5 and labels.txt.
TEST(Load, TheOnlyHdf5FileOfAZipFileIsTheModel) {
  const auto zipped = load(golden("converted_keras.zip"));
  const auto model = load(golden("nested_seq.h5"));
  ASSERT_EQ(zipped->layers.size(), model->layers.size());
  for (size_t i = 0; i < model->layers.size(); ++i) EXPECT_EQ(zipped->layers[i].name, model->layers[i].name);
  const auto weights_of = [](const Model& nested) { return nested.layers.at(2).weights; };
  ASSERT_FALSE(weights_of(*model).empty());
  EXPECT_EQ(sum(weights_of(*zipped)[0]), sum(weights_of(*model)[0]));
}

// A copy of dense_basic.json with one text replaced.
std::string error_with(const std::string& from, const std::string& to) {
  const auto file = File::open(golden("dense_basic.json"));
  std::string text(file->text());
  text.replace(text.find(from), from.size(), to);
  const testing_support::TemporaryFolder folder;
  write_file(folder / "model.json", text);
  return error_of(folder / "model.json", {golden("dense_basic_weights.h5"), {}});
}

TEST(Load, SaysWhereJsonAndWeightsDiffer) {
  EXPECT_EQ(error_with("\"units\": 4", "\"units\": 3"),
            golden("dense_basic_weights.h5").string() +
                ":/dense/dense/kernel:0: layer `dense` (Dense) expects `kernel` of shape [5, 3], found [5, 4]: are "
                "these the weights of this architecture?");
  EXPECT_EQ(error_with("\"use_bias\": true", "\"use_bias\": false"),
            golden("dense_basic_weights.h5").string() +
                ":/dense: expected 1 weights (`kernel`) for layer `dense` (Dense), found 2 (`dense/kernel:0`, "
                "`dense/bias:0`)");
}

TEST(Load, RefusesCallsThatItCannotRepresent) {
  const std::string call = "[\"input_1\", 0, 0, {}]";
  EXPECT_EQ(error_with(call, "[\"input_1\", 0, 0, {\"training\": false, \"mask\": null}]"), "no error");
  EXPECT_THAT(error_with(call, "[\"input_1\", 0, 0, {\"training\": true}]"),
              HasSubstr("layer `dense` (Dense): called with training=True"));
  EXPECT_THAT(error_with(call, "[\"input_1\", 0, 0, {\"scale\": 2}]"),
              HasSubstr("layer `dense` (Dense): called with arguments that it is not known to take: "
                        "{\"args\":[{\"tensor\":0}],\"kwargs\":{\"scale\":2}}"));
  EXPECT_THAT(error_with(call, "[\"input_1\", 1, 0, {}]"),
              HasSubstr("layer `input_1` (InputLayer): output 0 of call 1 is used, the layer is called 1 times"));
  EXPECT_THAT(error_with(call, "[\"input_9\", 0, 0, {}]"),
              HasSubstr("layer `input_9` is used, but the model has none of that name"));
  EXPECT_THAT(error_with(call, "[\"dense\", 0, 0, {}]"), HasSubstr("its inputs depend on themselves"));
}

TEST(Load, WeightsOfAnotherModel) {
  EXPECT_EQ(error_of(golden("dense_basic.json"), {golden("nested_model.h5"), {}}),
            golden("nested_model.h5").string() +
                ":/model_weights: weights and architecture do not belong together: weights for 2 layers, expected 1; "
                "only the weights have `inner`");
}

}  // namespace
}  // namespace hoarfrost::keras
