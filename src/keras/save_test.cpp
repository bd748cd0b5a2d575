// What is saved, against the files that Keras 2.15 itself wrote of the same models, and read back.
#include "keras/save.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>

#include "hdf5/tree.h"
#include "keras/archive.h"
#include "keras/variables.h"
#include "message_of.h"
#include "temporary_folder.h"

namespace hoarfrost::keras {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing_support::message_of;
using testing_support::TemporaryFolder;

std::filesystem::path golden(const std::string& name) { return std::filesystem::path(HOARFROST_GOLDEN) / name; }

std::shared_ptr<const hdf5::Tree> tree_of(const std::filesystem::path& path) {
  const auto file = File::open(path);
  return hdf5::Tree::open({file, 0, file->size()}, path.filename().string(), true);
}

// Groups, order, attributes, types and values, all the same.
void expect_equal(const hdf5::Tree& found, const hdf5::Tree& expected, const std::string& path,
                  const std::set<std::string>& left_out = {}) {
  ASSERT_EQ(found.kind(path), expected.kind(path)) << path;
  for (const char* attribute : {"model_config", "training_config", "keras_version", "backend"})
    EXPECT_EQ(found.text(path, attribute), expected.text(path, attribute)) << path;
  for (const char* attribute : {"layer_names", "weight_names"})
    EXPECT_EQ(found.names(path, attribute), expected.names(path, attribute)) << path;
  if (expected.kind(path) == hdf5::Kind::kDataset) {
    const Tensor a = found.dataset(path), b = expected.dataset(path);
    ASSERT_EQ(a.dtype(), b.dtype()) << path;
    ASSERT_EQ(a.shape(), b.shape()) << path;
    EXPECT_TRUE(std::ranges::equal(a.bytes(), b.bytes())) << path;
    return;
  }
  auto names = expected.children(path);
  std::erase_if(names, [&](const std::string& name) { return left_out.contains(name); });
  ASSERT_EQ(found.children(path), names) << path;
  for (const std::string& name : names) expect_equal(found, expected, hdf5::join(path, name));
}

std::shared_ptr<const Model> loaded(const std::filesystem::path& path) {
  try {
    return load(path);
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kUnsupported) return nullptr;  // a layer that is not known yet
    throw;
  }
}

class SaveGolden : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(SaveGolden, IsKeras215sOwnFile) {
  const auto model = loaded(GetParam());
  if (model == nullptr) GTEST_SKIP() << "not supported";
  const TemporaryFolder folder;
  const TrainingState state = read_training_state(*model, GetParam());
  if (GetParam().stem() == "dtype_bfloat16_picture") {  // Keras 2.15 writes it, and fails to load it
    EXPECT_THAT(message_of([&] { save_model(*model, state, folder / "a.h5"); }),
                testing::HasSubstr("values of bfloat16 have no place in a Keras file"));
    return;
  }
  save_model(*model, state, folder / "a.h5");
  const auto expected = tree_of(GetParam()), found = tree_of(folder / "a.h5");
  if (GetParam().stem() == "normalization_adapt")
    return;  // Keras names these weights after no layer only until it loads them
  expect_equal(*found, *expected, "/");
}

// What is trained goes by the graph's variables, what is saved by Keras' order of weights.
TEST_P(SaveGolden, TheGraphHasTrainableVariablesInKerasOrder) {
  const auto model = loaded(GetParam());
  if (model == nullptr) GTEST_SKIP() << "not supported";
  const Lowered lowered = lower(*model);
  std::vector<std::pair<const ModelLayer*, size_t>> in_graph, in_keras;
  for (const std::string& name : lowered.trainable_names) {
    const auto origin = std::ranges::find(lowered.origins, name, &VariableOrigin::variable);
    ASSERT_NE(origin, lowered.origins.end()) << name;
    in_graph.emplace_back(origin->layer, origin->index);
  }
  for (const Variable& variable : trainable_variables(*model)) in_keras.emplace_back(variable.layer, variable.index);
  EXPECT_EQ(in_graph, in_keras);
}

std::vector<std::filesystem::path> golden_models() {
  std::vector<std::filesystem::path> result;
  for (const auto& entry : std::filesystem::directory_iterator(golden("layers/keras_2.15"))) {
    if (entry.path().extension() == ".h5") result.push_back(entry.path());
  }
  std::ranges::sort(result);
  return result;
}

INSTANTIATE_TEST_SUITE_P(Keras215, SaveGolden, testing::ValuesIn(golden_models()),
                         [](const auto& test) { return test.param.stem().string(); });

TEST(Save, WeightsInBothLayouts) {
  const TemporaryFolder folder;
  const auto dense = load(golden("keras/dense_basic.json"), {golden("keras/dense_basic_weights.h5"), {}});
  save_weights(*dense, folder / "w.h5");
  save_weights(*dense, folder / "w.weights.h5");
  expect_equal(*tree_of(folder / "w.h5"), *tree_of(golden("keras/dense_basic_weights.h5")), "/");
  expect_equal(*tree_of(folder / "w.weights.h5"), *tree_of(golden("keras/dense_basic.weights.h5")), "/",
               {"optimizer", "metrics"});
  const auto chain = load(golden("keras/chain.h5"));
  save_weights(*chain, folder / "chain.weights.h5");
  expect_equal(*tree_of(folder / "chain.weights.h5"), *read_archive(golden("keras/chain.keras")).weights, "/");
}

TEST(Save, ArchitectureIsKerasText) {
  const TemporaryFolder folder;
  save_architecture(*load(golden("keras/dense_basic.json"), {golden("keras/dense_basic_weights.h5"), {}}),
                    folder / "a.json");
  EXPECT_EQ(File::open(folder / "a.json")->text(), File::open(golden("keras/dense_basic.json"))->text());
}

// The same layers, calls and weights, whatever the file's dialect.
void expect_same(const Model& found, const Model& expected) {
  ASSERT_EQ(found.layers.size(), expected.layers.size());
  EXPECT_EQ(found.inputs, expected.inputs);
  EXPECT_EQ(found.outputs, expected.outputs);
  for (size_t i = 0; i < found.layers.size(); ++i) {
    const ModelLayer &a = found.layers[i], &b = expected.layers[i];
    EXPECT_EQ(a.name, b.name);
    ASSERT_EQ(a.calls.size(), b.calls.size()) << b.name;
    for (size_t c = 0; c < a.calls.size(); ++c) EXPECT_EQ(a.calls[c].inputs, b.calls[c].inputs) << b.name;
    EXPECT_EQ(a.input_shape, b.input_shape) << b.name;
    EXPECT_EQ(a.is_trainable, b.is_trainable) << b.name;
    ASSERT_EQ(a.weights.size(), b.weights.size()) << b.name;
    for (size_t w = 0; w < a.weights.size(); ++w)
      EXPECT_TRUE(std::ranges::equal(a.weights[w].bytes(), b.weights[w].bytes())) << b.name << w;
    ASSERT_EQ(a.model != nullptr, b.model != nullptr) << b.name;
    if (a.model) expect_same(*a.model, *b.model);
  }
}

class SaveEverywhere : public testing::TestWithParam<std::string> {};

TEST_P(SaveEverywhere, IsTheSameModelAgain) {
  const auto model = loaded(golden(GetParam()));
  ASSERT_NE(model, nullptr);
  const TemporaryFolder folder;
  save_model(*model, {}, folder / "a.h5");
  save_architecture(*model, folder / "a.json");
  save_weights(*model, folder / "a_weights.h5");
  save_weights(*model, folder / "a.weights.h5");
  save_model(*model, {}, folder / "a.keras");
  expect_same(*load(folder / "a.h5"), *model);
  expect_same(*load(folder / "a.json", {folder / "a_weights.h5", {}}), *model);
  expect_same(*load(folder / "a.json", {folder / "a.weights.h5", {}}), *model);
  const auto archive = load(folder / "a.keras");
  EXPECT_EQ(archive->version.major, 3);
  expect_same(*archive, *model);
  save_model(*archive, {}, folder / "b.h5");  // from Keras 3's dialect back to 2.15's
  const auto back = load(folder / "b.h5");
  EXPECT_EQ(back->version, (Version{2, 15}));
  expect_same(*back, *model);
}

INSTANTIATE_TEST_SUITE_P(Goldens, SaveEverywhere,
                         testing::Values("keras/chain.h5", "keras/chain.keras", "keras/nested_model.h5",
                                         "keras/nested_seq.h5", "keras/siamese.h5",
                                         "layers/keras_2.15/bidi_lstm_concat.h5", "layers/keras_2.15/bn_conv.h5",
                                         "layers/keras_2.15/emb_mask_lstm.h5", "layers/keras_2.15/encdec.h5",
                                         "layers/keras_2.15/multi_io.h5", "layers/keras_2.15/rnn_stacked_mixed.h5",
                                         "layers/keras_2.15/rnn_time_distributed_model.h5",
                                         "layers/keras_2.15/td_conv.h5", "keras/k208_nested.h5"),
                         [](const auto& test) {
                           return std::filesystem::path(test.param).stem().string() + "_" +
                                  std::filesystem::path(test.param).extension().string().substr(1);
                         });

TEST(Save, OwnStateOfAnyLengthComesBack) {
  const TemporaryFolder folder;
  const auto model = load(golden("layers/keras_2.15/compiled_adam.h5"));
  TrainingState state = read_training_state(*model, golden("layers/keras_2.15/compiled_adam.h5"));
  state.hoarfrost = "{\"epochs\": 3, \"generator\": \"" + std::string(200000, 'a') + "\"}";
  for (const char* name : {"a.h5", "a.keras"}) {
    save_model(*model, state, folder / name);
    const TrainingState again = read_training_state(*model, folder / name);
    EXPECT_EQ(again.hoarfrost, state.hoarfrost) << name;
    ASSERT_EQ(again.optimizer_weights.size(), state.optimizer_weights.size()) << name;
    for (size_t i = 0; i < again.optimizer_weights.size(); ++i) {
      EXPECT_EQ(again.optimizer_weights[i].first, state.optimizer_weights[i].first) << name;
      EXPECT_TRUE(
          std::ranges::equal(again.optimizer_weights[i].second.bytes(), state.optimizer_weights[i].second.bytes()))
          << name;
    }
  }
  EXPECT_EQ(read_training_state(*model, folder / "a.h5").training_config, state.training_config);
}

TEST(Save, KeptWeightsComeBack) {
  const TemporaryFolder folder;
  const auto model = load(golden("layers/keras_2.15/compiled_adam.h5"));
  TrainingState state = read_training_state(*model, golden("layers/keras_2.15/compiled_adam.h5"));
  state.kept_weights = {{"EarlyStopping/dense/kernel", Tensor::of<float>({2, 3}, {1, 2, 3, 4, 5, 6})},
                        {"EarlyStopping/dense", Tensor::of<float>({1}, {7})}};
  for (const char* name : {"a.h5", "a.keras"}) {
    save_model(*model, state, folder / name);
    const TrainingState again = read_training_state(*model, folder / name);
    ASSERT_EQ(again.kept_weights.size(), 2U) << name;
    for (size_t i = 0; i < 2; ++i) {
      const auto& [kept_name, kept] = again.kept_weights[i];
      EXPECT_EQ(kept_name, state.kept_weights[i].first) << name;
      EXPECT_EQ(kept.shape(), state.kept_weights[i].second.shape()) << name;
      EXPECT_TRUE(std::ranges::equal(kept.values<float>(), state.kept_weights[i].second.values<float>())) << name;
    }
  }
}

TEST(Save, WithoutStateThereIsNone) {
  const TemporaryFolder folder;
  const auto model = load(golden("keras/nested_model.h5"));
  save_model(*model, {}, folder / "a.h5");
  const TrainingState state = read_training_state(*model, folder / "a.h5");
  EXPECT_EQ(state.training_config + state.hoarfrost, "");
  EXPECT_TRUE(state.optimizer_weights.empty());
}

TEST(Save, TrainableVariablesAreKeras215s) {
  const auto model = load(golden("keras/nested_seq.h5"));
  std::vector<std::string> names;
  for (const Variable& variable : trainable_variables(*model)) names.push_back(variable.name);
  // [w.name for w in model.trainable_weights] in Keras 2.15
  EXPECT_THAT(names, ElementsAre("dense/kernel:0", "dense/bias:0", "batch_normalization/gamma:0",
                                 "batch_normalization/beta:0", "dense_1/kernel:0", "dense_1/bias:0"));
}

TEST(Save, RefusesWithWordsThatHelp) {
  const TemporaryFolder folder;
  const auto model = load(golden("keras/nested_model.h5"));
  EXPECT_THAT(message_of([&] { save_model(*model, {}, folder / "a.pb"); }),
              HasSubstr("a.pb: a model is saved as .h5, .hdf5 or .keras"));
  LoadOptions options;
  options.architecture_only = true;
  const auto bare = load(golden("keras/nested_model.h5"), options);
  EXPECT_THAT(
      message_of([&] { save_model(*bare, {}, folder / "a.h5"); }),
      HasSubstr(
          "a.h5: layer `inner_d` (Dense): has no values for its weight `kernel`: load the model with its weights"));
  TrainingState state;
  state.training_config = R"({"loss": "mse", "optimizer_config": {"class_name": "Muon", "config": {}}})";
  EXPECT_THAT(message_of([&] { save_model(*model, state, folder / "a.h5"); }),
              HasSubstr("a.h5: optimizer: `Muon` is none of Keras 2.15's"));
  const auto hard = load(golden("layers/keras_2.2.4/k224_lstm.h5"));
  EXPECT_THAT(message_of([&] { save_model(*hard, {}, folder / "a.keras"); }),
              HasSubstr("(LSTM): `recurrent_activation` is hard_sigmoid, which is another function in Keras 3, and the "
                        ".keras of Keras 3 cannot say it: save an .h5 instead"));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

// Of what Keras 2 and Keras 3 pass masks through alike, and of what they do not.
TEST(Save, TheOtherKerasPassesTheSameMasksOn) {
  const TemporaryFolder folder;
  const auto dot = load(golden("layers/keras_2.15/mask_dot.h5"));
  save_model(*dot, {}, folder / "a.keras");
  save_model(*load(golden("layers/keras_3.15/mask_dot.keras")), {}, folder / "a.h5");
  const auto merged = load(golden("layers/keras_2.15/merge_masks.h5"));
  EXPECT_THAT(message_of([&] { save_model(*merged, {}, folder / "b.keras"); }),
              HasSubstr("its inputs' masks differ: in Keras 2 a step counts where all of them say so"));
  std::ofstream(folder / "lone.json") << R"({"class_name": "Functional", "keras_version": "2.15.0", "config": {
    "name": "m", "layers": [
      {"class_name": "InputLayer", "name": "a", "config": {"batch_input_shape": [null, 4, 2], "name": "a"}, "inbound_nodes": []},
      {"class_name": "Masking", "name": "m", "config": {"name": "m", "mask_value": 0.0}, "inbound_nodes": [[["a", 0, 0, {}]]]},
      {"class_name": "Add", "name": "s", "config": {"name": "s"}, "inbound_nodes": [[["m", 0, 0, {}], ["a", 0, 0, {}]]]}],
    "input_layers": [["a", 0, 0]], "output_layers": [["s", 0, 0]]}})";
  const auto lone = load(folder / "lone.json");
  EXPECT_THAT(message_of([&] { save_model(*lone, {}, folder / "b.keras"); }),
              HasSubstr("one of its inputs alone is masked, which Keras 2 passes on and Keras 3 does not"));
  const auto encoder = load(golden("layers/keras_2.15/mask_encoder.h5"));
  EXPECT_THAT(
      message_of([&] { save_model(*encoder, {}, folder / "b.keras"); }),
      HasSubstr("(MultiHeadAttention): layer `add` takes the same input, whose mask it finds in Keras 2, and not "
                "behind this layer in Keras 3, and the .keras of Keras 3 cannot say it: save an .h5 instead"));
  const auto merging = load(golden("layers/keras_3.15/mask_merging.keras"));
  EXPECT_THAT(message_of([&] { save_model(*merging, {}, folder / "b.h5"); }),
              HasSubstr("its inputs' masks differ: in Keras 2 a step counts where all of them say so"));
}

// The system refuses to let files grow, as a full disk does.
TEST(Save, AFullDiskLeavesTheOldFile) {
  const TemporaryFolder folder;
  const auto model = load(golden("layers/keras_2.15/bn_conv.h5"));
  const auto was_handled = std::signal(SIGXFSZ, SIG_IGN);
  rlimit was{};
  getrlimit(RLIMIT_FSIZE, &was);
  for (const char* name : {"a.h5", "a.keras", "w.h5", "w.weights.h5", "a.json"}) {
    const auto save = [&] {
      if (name[2] == 'j')
        save_architecture(*model, folder / name);
      else if (name[0] == 'w')
        save_weights(*model, folder / name);
      else
        save_model(*model, {}, folder / name);
    };
    save();
    const std::string before(File::open(folder / name)->text());
    const rlimit small{1000, was.rlim_max};
    setrlimit(RLIMIT_FSIZE, &small);
    const std::string text = message_of(save);
    setrlimit(RLIMIT_FSIZE, &was);
    EXPECT_THAT(text, HasSubstr("File too large")) << name;
    EXPECT_EQ(File::open(folder / name)->text(), before) << name;
  }
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 5);
  std::signal(SIGXFSZ, was_handled);
}

}  // namespace
}  // namespace hoarfrost::keras
