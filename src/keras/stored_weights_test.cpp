// Weights that Keras 2.15 and 3.15 saved alone, and Keras' own architectures of them (tools/make_weights_goldens.py).
#include "keras/stored_weights.h"

#include <gmock/gmock.h>
#include <hoarfrost/keras.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "keras/architecture.h"
#include "keras/model.h"
#include "temporary_folder.h"

namespace hoarfrost::keras {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::filesystem::path kFolder = std::filesystem::path(HOARFROST_GOLDEN) / "keras";

StoredWeights stored(const std::string& name) { return weights_without_architecture(kFolder / name).value(); }

// Of each layer: its class, and what its weights decide.
std::vector<std::string> essence(const Json& architecture, bool has_weightless) {
  std::vector<std::string> result;
  for (const Json& layer : architecture.at("config").at("layers")) {
    const std::string name = layer.at("class_name");
    const bool has_weights =
        name != "InputLayer" && name != "Flatten" && !name.starts_with("MaxPooling") && !name.starts_with("Global");
    if (name == "InputLayer" || (!has_weights && !has_weightless)) continue;
    std::string text = name;
    for (const char* key : {"units", "filters", "kernel_size", "use_bias", "padding", "input_dim", "output_dim",
                            "reset_after", "return_sequences"}) {
      const bool is_default = key == std::string_view("padding") && !name.starts_with("Conv");  // a pool's
      if (layer.at("config").contains(key) && !is_default) text += " " + layer.at("config").at(key).dump();
    }
    result.push_back(text);
  }
  return result;
}

Json architecture_of(const std::string& name) {
  std::ifstream file(kFolder / (name + ".json"));
  return Json::parse(file);
}

// The implied model takes the file's weights.
void expect_loads(const ImpliedArchitecture& implied, const std::string& weights) {
  const testing_support::TemporaryFolder folder;
  write_file(folder / "model.json", implied.json);
  LoadOptions options;
  options.weights = kFolder / weights;
  EXPECT_NO_THROW((void)load(folder / "model.json", options)) << implied.json;
}

TEST(StoredWeights, TellOfLayersAndShapes) {
  const StoredWeights legacy = stored("weights_picture.h5");
  EXPECT_TRUE(legacy.has_order);
  std::vector<std::string> classes;
  for (const StoredLayer& layer : legacy.layers) classes.push_back(layer.class_name);
  EXPECT_THAT(classes, ElementsAre("Conv2D", "BatchNormalization", "MaxPooling2D", "Conv2D", "Flatten", "Dense"));
  EXPECT_EQ(legacy.layers[0].weights[0].name, "kernel");
  EXPECT_EQ(legacy.layers[0].weights[0].shape, Shape({3, 3, 2, 3}));
  EXPECT_EQ(legacy.layers[1].weights[3].name, "moving_variance");
  const StoredWeights newer = stored("weights_dense.weights.h5");
  EXPECT_FALSE(newer.has_order);
  ASSERT_EQ(newer.layers.size(), 3);
  EXPECT_EQ(newer.layers[1].class_name, "Dense");
  EXPECT_EQ(newer.layers[1].weights[0].shape, Shape({5, 4}));
}

TEST(StoredWeights, ImplyChainsOfTheirShapes) {
  for (const std::string name : {"weights_dense", "weights_pooled", "weights_words"}) {
    const ImpliedArchitecture implied = implied_architecture(stored(name + ".h5"));
    ASSERT_NE(implied.json, "") << name << ": " << implied.why_not;
    EXPECT_EQ(essence(Json::parse(implied.json), true), essence(architecture_of(name), true));
    EXPECT_THAT(implied.assumed.at(0), HasSubstr("every activation is linear"));
    expect_loads(implied, name + ".h5");
  }
}

TEST(StoredWeights, NeedTheImagesSizeBehindAFlatten) {
  const StoredWeights picture = stored("weights_picture.h5");
  EXPECT_THAT(implied_architecture(picture).why_not, HasSubstr("--input-shape says it"));
  const ImpliedArchitecture implied = implied_architecture(picture, {kUnknown, 12, 10, 2});
  ASSERT_NE(implied.json, "") << implied.why_not;
  EXPECT_EQ(essence(Json::parse(implied.json), true), essence(architecture_of("weights_picture"), true));
  expect_loads(implied, "weights_picture.h5");
  EXPECT_THAT(implied_architecture(picture, {kUnknown, 40, 10, 2}).why_not, HasSubstr("leave nothing"));
  EXPECT_THAT(implied_architecture(picture, {kUnknown, 12, 10, 1}).why_not, HasSubstr("--input-shape says"));
}

// A pool's place is not in Keras 3's files. A chain of shapes has one where they fit in one way.
TEST(StoredWeights, OrderLayersByTheirShapes) {
  const ImpliedArchitecture dense = implied_architecture(stored("weights_dense.weights.h5"));
  ASSERT_NE(dense.json, "") << dense.why_not;
  EXPECT_EQ(essence(Json::parse(dense.json), false), essence(architecture_of("weights_dense"), false));
  expect_loads(dense, "weights_dense.weights.h5");
  const ImpliedArchitecture pooled = implied_architecture(stored("weights_pooled.weights.h5"));
  ASSERT_NE(pooled.json, "") << pooled.why_not;
  EXPECT_EQ(essence(Json::parse(pooled.json), true), essence(architecture_of("weights_pooled"), true));
  expect_loads(pooled, "weights_pooled.weights.h5");
  // A pool may stand before or behind a BatchNormalization of the same channels.
  EXPECT_THAT(implied_architecture(stored("weights_picture.weights.h5"), {kUnknown, 12, 10, 2}).why_not,
              HasSubstr("their shapes allow several"));
  const ImpliedArchitecture words = implied_architecture(stored("weights_words.weights.h5"));
  ASSERT_NE(words.json, "") << words.why_not;
  EXPECT_EQ(essence(Json::parse(words.json), false), essence(architecture_of("weights_words"), false));
}

// One pool behind two convolutions: only behind the first do 12 × 10 give what the Dense takes.
TEST(StoredWeights, OrderPoolsByTheImagesSize) {
  const StoredWeights convolved = stored("weights_convolved.weights.h5");
  EXPECT_THAT(implied_architecture(convolved).why_not, HasSubstr("--input-shape may leave one"));
  const ImpliedArchitecture implied = implied_architecture(convolved, {kUnknown, 12, 10, 2});
  ASSERT_NE(implied.json, "") << implied.why_not;
  EXPECT_EQ(essence(Json::parse(implied.json), true), essence(architecture_of("weights_convolved"), true));
  expect_loads(implied, "weights_convolved.weights.h5");
}

TEST(StoredWeights, AreNoneWhereThereIsAModel) {
  EXPECT_FALSE(weights_without_architecture(kFolder / "chain.h5"));
  EXPECT_FALSE(weights_without_architecture(kFolder / "dense_basic.json"));
}

TEST(StoredWeights, GiveNoArchitectureWhereTheyFitNoChain) {
  const auto weight = [](const char* name, Shape shape) {
    return StoredWeight{name, std::move(shape), DType::kFloat32};
  };
  const StoredLayer a{"dense", "Dense", {weight("kernel", {3, 4})}}, b{"dense_1", "Dense", {weight("kernel", {3, 2})}};
  EXPECT_THAT(implied_architecture({"Keras 1 and 2", true, {a, b}}).why_not,
              HasSubstr("`dense_1` (Dense) takes 3 channels, and 4 come"));
  const StoredLayer merge{"add", "Add", {}};
  EXPECT_THAT(implied_architecture({"Keras 1 and 2", true, {a, merge}}).why_not, HasSubstr("`add` (Add) is none"));
  EXPECT_THAT(implied_architecture({"Keras 3", false, {}}).why_not, HasSubstr("no layer has weights"));
  EXPECT_THAT(implied_architecture({"Keras 1 and 2", true, {a}}).json, ::testing::Not(IsEmpty()));
}

}  // namespace
}  // namespace hoarfrost::keras
