// What custom_layers.def says of other packages' layers, held to what these layers answer in Keras 2.15, from .h5 and
// from .keras (tests/golden/layers/make_custom_expressions.py).
#include "keras/custom_layers.h"

#include <gtest/gtest.h>
#include <hoarfrost/data.h>
#include <hoarfrost/keras.h>
#include <hoarfrost/passes.h>
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <cmath>

namespace hoarfrost {

namespace keras {
void PrintTo(const SaidByHand& layer, std::ostream* out) { *out << layer.name; }
}  // namespace keras

namespace {

const std::filesystem::path kFolder = std::filesystem::path(HOARFROST_GOLDEN) / "layers/custom_expressions";

class CustomLayer : public testing::TestWithParam<std::tuple<keras::SaidByHand, const char*>> {};

void expect_answers(const std::string& name, const std::string& ending, const keras::LoadOptions& options) {
  keras::Lowered lowered = keras::lower(*keras::load(kFolder / (name + ending), options));
  const std::string output = lowered.signature.outputs.at(0).node->name();
  std::vector<std::string> inputs;
  for (const auto& input : lowered.signature.inputs) inputs.push_back(input.node->name());
  passes::freeze(lowered.graph, lowered.variables, {{output}, {}, {}});
  graph::Signature signature{{}, {lowered.graph.find(output)->output()}};
  std::vector<Tensor> values;
  const auto arrays = data::read_npz(kFolder / (name + ".npz"));
  const auto array = [&](const std::string& wanted) {
    const auto found = std::ranges::find(arrays, wanted, &data::NamedTensor::name);
    return found == arrays.end() ? Tensor() : found->value;
  };
  for (size_t i = 0; i < inputs.size(); ++i) {
    graph::Node* node = lowered.graph.find(inputs[i]);
    if (node == nullptr) continue;  // of no meaning for the output, as a CTC layer's labels
    signature.inputs.push_back(node->output());
    values.push_back(array("in" + std::to_string(i)));
  }
  const Tensor found = runtime::Session(lowered.graph, signature).run(values).at(0);
  const Tensor expected = array("out0");
  ASSERT_EQ(found.shape(), expected.shape());
  const Reader actual(found);
  const Reader wanted(expected);
  for (int64_t i = 0; i < found.n_elements(); ++i)
    EXPECT_NEAR(actual[i], wanted[i], 1e-5 + 1e-4 * std::abs(wanted[i])) << i;
}

TEST_P(CustomLayer, ComputesWhatItsPackageDoes) {
  const auto& [layer, ending] = GetParam();
  EXPECT_EQ(layer.meaning.find('\''), std::string_view::npos);  // shown as --custom NAME='…'
  keras::LoadOptions options;
  options.custom_classes[std::string(layer.name)] = layer.meaning;
  expect_answers(std::string(layer.name), ending, options);
}

// Layers of layers, two of them in a model within a model, whose weights the file holds among others.
TEST(CustomLayers, HaveTheirWeightsInNestedModels) {
  keras::LoadOptions options;
  options.custom_classes["Gate"] =
      "y = layers.Dense(4, activation='tanh', weights=w[0:2])(x); layers.BatchNormalization(weights=w[2:])(y)";
  for (const char* ending : {".h5", ".keras"}) {
    SCOPED_TRACE(ending);
    expect_answers("nested", ending, options);
  }
  options.custom_classes["Gate"] =
      "y = layers.Dense(4, 'tanh', weights=w['dense'])(x); layers.BatchNormalization(weights=w['norm'])(y)";
  expect_answers("nested", ".keras", options);
}

INSTANTIATE_TEST_SUITE_P(Packages, CustomLayer,
                         testing::Combine(testing::ValuesIn(keras::custom_layers().begin(),
                                                            keras::custom_layers().end()),
                                          testing::Values(".h5", ".keras")),
                         [](const auto& tested) {
                           return std::string(std::get<0>(tested.param).name) + "_" + (std::get<1>(tested.param) + 1);
                         });

}  // namespace
}  // namespace hoarfrost
