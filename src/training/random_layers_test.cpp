// Layers with random numbers of their own, in training: with the numbers that Keras 2.15 drew, Keras' outputs and
// gradients (tests/golden/training/random_layers.json, tools/make_random_layer_goldens.py); and what holds for any
// numbers.
#include <gtest/gtest.h>
#include <hoarfrost/error.h>
#include <hoarfrost/keras.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "keras/model.h"
#include "training/builder.h"
#include "training/differentiate.h"
#include "training/initialize.h"
#include "training/json.h"

namespace hoarfrost::training {
namespace {

Tensor tensor_of(const Json& values, const Shape& shape) {
  const auto numbers = values.get<std::vector<float>>();
  return Tensor::of<float>(shape, std::span<const float>(numbers));
}

std::shared_ptr<keras::Model> model_of(const Json& architecture) {
  const auto path = std::filesystem::temp_directory_path() / ("random_layers_" + std::to_string(::getpid()) + ".json");
  std::ofstream(path) << architecture.dump();
  keras::LoadOptions how;
  how.architecture_only = true;
  auto model = initialized(*keras::load(path, how), 3);
  std::filesystem::remove(path);
  return model;
}

// A model's training graph on Placeholders of known shapes.
struct Graph {
  keras::Lowered lowered;
  std::optional<Builder> builder;
  std::vector<Endpoint> variables;
  std::vector<Endpoint> generators;  // in the order in which they were made

  Graph(const keras::Model& model, const Shape& x) {
    lowered = keras::lower(
        model, {.name_suffix = {}, .phase = keras::Phase::kTraining, .recurrence = keras::RecurrenceForm::kUnroll});
    lowered.graph.retain([](const Node& node) { return node.op() != "Assign"; });
    for (const std::string& name : lowered.variable_names) {
      Node& node = *lowered.graph.find(name);
      node.set_op("Placeholder");
      variables.push_back(node.output());
    }
    lowered.signature.inputs[0].node->set("shape", x);
    builder.emplace(lowered.graph);
    for (const auto& node : lowered.graph.nodes()) {
      if (node->op().starts_with("StatelessRandom")) generators.push_back(node->output());
    }
  }
  [[nodiscard]] Endpoint x() const { return lowered.signature.inputs[0]; }
  [[nodiscard]] Endpoint y() const { return lowered.signature.outputs[0]; }
};

void expect_near(const Tensor& found, const Json& expected, double tolerance, const std::string& what) {
  const auto values = found.values<float>();
  const auto wanted = expected.get<std::vector<double>>();
  ASSERT_EQ(values.size(), wanted.size()) << what;
  double largest = 1;
  for (const double w : wanted) largest = std::max(largest, std::abs(w));
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(values[i], wanted[i], tolerance * largest) << what << ", element " << i;
}

struct Case {
  Json golden;
  friend std::ostream& operator<<(std::ostream& out, const Case& one) { return out << one.golden.at("name"); }
};

class RandomLayer : public testing::TestWithParam<Case> {};

TEST_P(RandomLayer, ComputesWhatKerasDoesWithTheSameNumbers) {
  const Json& golden = GetParam().golden;
  const Shape shape(golden.at("x_shape").get<std::vector<int64_t>>());
  const auto model = model_of(golden.at("model"));
  Graph graph(*model, shape);
  std::map<Endpoint, Tensor> feeds{{graph.x(), tensor_of(golden.at("x"), shape)}};
  ASSERT_EQ(graph.variables.size(), golden.at("weights").size());
  for (size_t i = 0; i < graph.variables.size(); ++i)
    feeds[graph.variables[i]] = tensor_of(golden.at("weights")[i], graph.builder->shape(graph.variables[i]));
  ASSERT_EQ(graph.generators.size(), golden.at("uniforms").size());
  for (size_t i = 0; i < graph.generators.size(); ++i) {
    const Shape& drawn = graph.builder->shape(graph.generators[i]);
    ASSERT_EQ(drawn.n_elements(), static_cast<int64_t>(golden.at("uniforms")[i].size())) << i;
    feeds[graph.generators[i]] = tensor_of(golden.at("uniforms")[i], drawn);
  }
  const Endpoint fetched[] = {graph.y()};
  expect_near(ops::evaluate(graph.lowered.graph, feeds, fetched)[0], golden.at("y"), 2e-6, "y");
  if (!golden.contains("dx")) return;

  Builder& builder = *graph.builder;
  const Endpoint cotangent = builder.constant(tensor_of(golden.at("cotangent"), builder.shape(graph.y())));
  const Endpoint target = builder.reduce_all("Sum", builder.add("Mul", {graph.y(), cotangent}));
  std::vector<Endpoint> sources = graph.variables;
  sources.push_back(graph.x());
  const auto gradients = ops::evaluate(graph.lowered.graph, feeds, differentiate(builder, target, sources));
  for (size_t i = 0; i < graph.variables.size(); ++i)
    expect_near(gradients[i], golden.at("dweights")[i], 2e-6, "weight " + std::to_string(i));
  expect_near(gradients.back(), golden.at("dx"), 2e-6, "dx");
}

std::vector<Case> cases() {
  std::vector<Case> result;
  for (const Json& golden : Json::parse(std::ifstream(HOARFROST_GOLDEN "/training/random_layers.json")))
    result.push_back({golden});
  return result;
}

INSTANTIATE_TEST_SUITE_P(Keras, RandomLayer, testing::ValuesIn(cases()),
                         [](const auto& one) { return one.param.golden.at("name").template get<std::string>(); });

Json sequential(const Json& layer, const std::vector<Json>& batch_shape) {
  const Json input{{"class_name", "InputLayer"},
                   {"config", {{"batch_input_shape", batch_shape}, {"dtype", "float32"}, {"name", "input_1"}}}};
  return {{"class_name", "Sequential"},
          {"keras_version", "2.15.0"},
          {"config", {{"name", "s"}, {"layers", {input, layer}}}}};
}

// One seed gives the same picture of masks whatever ran before; another seed another one.
TEST(RandomLayers, FollowFromTheSeedAlone) {
  const Json layer{{"class_name", "LSTM"},
                   {"config", {{"name", "lstm"}, {"units", 4}, {"dropout", 0.5}, {"recurrent_dropout", 0.5}}}};
  const auto model = model_of(sequential(layer, {nullptr, 6, 3}));
  Graph graph(*model, {8, 6, 3});
  std::map<Endpoint, Tensor> feeds;
  std::vector<float> x(8 * 6 * 3);
  for (size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  feeds[graph.x()] = Tensor::of<float>({8, 6, 3}, std::span<const float>(x));
  for (const Endpoint& variable : graph.variables) feeds[variable] = graph.lowered.variables.at(variable.node->name());
  const Endpoint fetched[] = {graph.y()};
  const auto at = [&](int64_t seed) {
    feeds[graph.lowered.random_seed] = Tensor::vector(std::vector<int64_t>{7, seed});
    const Tensor y = ops::evaluate(graph.lowered.graph, feeds, fetched)[0];
    return std::vector<float>(y.values<float>().begin(), y.values<float>().end());
  };
  const auto first = at(1 << 20), second = at(2 << 20);
  EXPECT_NE(first, second);
  EXPECT_EQ(first, at(1 << 20));
}

// The mean over many masks of what a layer linear in them gives is what it gives at inference.
TEST(RandomLayers, AverageToInference) {
  const Json layer{{"class_name", "SimpleRNN"},
                   {"config", {{"name", "rnn"}, {"units", 2}, {"activation", "linear"}, {"dropout", 0.25}}}};
  const auto model = model_of(sequential(layer, {nullptr, 3, 2}));
  constexpr int64_t kRows = 20000;
  Graph graph(*model, {kRows, 3, 2});
  const std::vector<float> row{1, -2, 0.5F, 3, -1, 2};
  std::vector<float> x;
  for (int64_t i = 0; i < kRows; ++i) x.insert(x.end(), row.begin(), row.end());
  std::map<Endpoint, Tensor> feeds{{graph.x(), Tensor::of<float>({kRows, 3, 2}, std::span<const float>(x))},
                                   {graph.lowered.random_seed, Tensor::vector(std::vector<int64_t>{3, 4})}};
  for (const Endpoint& variable : graph.variables) feeds[variable] = graph.lowered.variables.at(variable.node->name());
  const Endpoint fetched[] = {graph.y()};
  const Tensor found = ops::evaluate(graph.lowered.graph, feeds, fetched)[0];

  const auto inference = keras::lower(
      *model, {.name_suffix = {}, .phase = keras::Phase::kInference, .recurrence = keras::RecurrenceForm::kUnroll});
  std::map<Endpoint, Tensor> once{
      {inference.signature.inputs[0], Tensor::of<float>({1, 3, 2}, std::span<const float>(row))}};
  for (const std::string& name : inference.variable_names)
    once[inference.graph.find(name)->output()] = inference.variables.at(name);
  const Endpoint wanted[] = {inference.signature.outputs[0]};
  const Tensor expected = ops::evaluate(inference.graph, once, wanted)[0];
  for (size_t unit = 0; unit < 2; ++unit) {
    double mean = 0, square = 0;
    for (size_t i = 0; i < kRows; ++i) {
      const double y = found.values<float>()[i * 2 + unit];
      mean += y / kRows;
      square += y * y / kRows;
    }
    const double deviation = std::sqrt((square - mean * mean) / kRows);
    EXPECT_GT(deviation, 0);
    EXPECT_NEAR(mean, expected.values<float>()[unit], 5 * deviation) << unit;
  }
}

std::string refusal(const Json& layer, const std::vector<Json>& batch_shape) {
  try {
    const auto model = model_of(sequential(layer, batch_shape));
    (void)keras::lower(
        *model, {.name_suffix = {}, .phase = keras::Phase::kTraining, .recurrence = keras::RecurrenceForm::kUnroll});
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

TEST(RandomLayers, RefuseWhatTheyCannotDo) {
  const Json flip{{"class_name", "RandomFlip"}, {"config", {{"name", "flip"}}}};
  EXPECT_EQ(
      refusal(flip, {nullptr, 4, 4}),
      "layer `flip` (RandomFlip): augments pictures [batch, height, width, channels] in training, found [?, 4, 4]");
  const Json zoom{{"class_name", "RandomZoom"},
                  {"config", {{"name", "zoom"}, {"height_factor", 0.2}, {"fill_mode", "mirror"}}}};
  EXPECT_EQ(refusal(zoom, {nullptr, 4, 4, 1}),
            "layer `zoom` (RandomZoom): cannot be trained with fill_mode `mirror`; known are reflect, wrap, constant, "
            "nearest");
  const Json contrast{{"class_name", "RandomContrast"}, {"config", {{"name", "contrast"}, {"factor", "much"}}}};
  EXPECT_EQ(refusal(contrast, {nullptr, 4, 4, 1}),
            "layer `contrast` (RandomContrast): cannot be trained: its factors must be a number or two ascending ones, "
            "as Keras takes them");
}

}  // namespace
}  // namespace hoarfrost::training
