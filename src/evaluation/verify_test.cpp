#include <gmock/gmock.h>
#include <hoarfrost/evaluation.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluation/testing_model.h"

namespace hoarfrost::evaluation {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing_support::FrozenModel;
using testing_support::TestModel;

Verification proof_of(const FrozenModel& model, const VerifyOptions& options = {}) {
  return verify(model.lowered, model.graph, model.signature, options);
}

std::string divergence_of(const FrozenModel& model, const VerifyOptions& options = {}) {
  const Verification proof = proof_of(model, options);
  return proof.equal ? "equal" : proof.first_divergence()->name;
}

// A network of the kinds that the mistakes below are made in.
FrozenModel network() {
  TestModel model;
  model.input({kUnknown, 16, 16, 3});
  model.add("pad", "ZeroPadding2D", R"("padding": [[0, 1], [0, 1]])");
  model.add("conv", "Conv2D", R"("filters": 3, "kernel_size": [3, 3], "activation": "relu")");
  model.add("bn", "BatchNormalization", R"("epsilon": 0.001)");
  const size_t up = model.add("up", "UpSampling2D", R"("size": [2, 2], "interpolation": "bilinear")");
  const size_t other = model.add("conv2", "Conv2D", R"("filters": 3, "kernel_size": [3, 3], "padding": "same")", {up});
  model.add("sub", "Subtract", "", {up, other});
  model.add("pool", "MaxPooling2D", R"("pool_size": [2, 2])");
  model.add("flat", "Flatten");
  model.add("drop", "Dropout", R"("rate": 0.5)");
  model.add("hidden", "Dense", R"("units": 10)");
  model.add("dense", "Dense", R"("units": 10, "activation": "softmax")");
  return model.frozen();
}

Tensor changed(const Tensor& tensor, const std::function<void(std::span<float>)>& change) {
  Tensor copy = Tensor::of<float>(tensor.shape(), tensor.values<float>());
  change(copy.mutable_values<float>());
  return copy;
}

void change_constant(FrozenModel& model, const std::string& name, const std::function<void(std::span<float>)>& change) {
  graph::Node* node = model.graph.find(name);
  ASSERT_NE(node, nullptr) << name;
  node->set("value", changed(node->value(), change));
}

TEST(Verify, ARightConversionIsEqual) {
  const FrozenModel model = network();
  const Verification proof = proof_of(model);
  EXPECT_TRUE(proof.equal) << (proof.equal
                                   ? ""
                                   : proof.first_divergence()->name + ": " + proof.first_divergence()->divergence);
  std::vector<std::string> names;
  for (const auto& layer : proof.layers) {
    names.push_back(layer.name);
    EXPECT_LT(layer.max_rel, 1e-5) << layer.name;
    EXPECT_GT(layer.n_compared, 0);
  }
  EXPECT_THAT(names, ElementsAre("pad", "conv", "bn", "up", "conv2", "sub", "pool", "flat", "hidden", "dense"))
      << "Dropout leaves no node";
  EXPECT_THAT(proof.not_found, IsEmpty());
  ASSERT_EQ(proof.outputs.size(), 1U);
  EXPECT_EQ(proof.outputs[0].name, "dense/Softmax");
}

TEST(Verify, ATransposedKernelDiverges) {
  FrozenModel model = network();
  change_constant(model, "conv/kernel", [](std::span<float> kernel) {
    for (size_t y = 0; y < 3; ++y) {
      for (size_t x = 0; x < y; ++x) {
        for (size_t c = 0; c < 9; ++c) std::swap(kernel[(y * 3 + x) * 9 + c], kernel[(x * 3 + y) * 9 + c]);
      }
    }
  });
  EXPECT_EQ(divergence_of(model), "conv");
}

// Every single weight of the kernels, as long as the sample holds: also with hardly any time.
TEST(Verify, OneWeightChangedByAPercentDiverges) {
  for (const size_t i : {0U, 13U, 40U, 80U}) {
    for (const double budget : {1.0, 0.0}) {
      FrozenModel model = network();
      change_constant(model, "conv/kernel", [&](std::span<float> kernel) { kernel[i] *= 1.01F; });
      EXPECT_EQ(divergence_of(model, {.budget_seconds = budget}), "conv") << i;
    }
  }
  FrozenModel model = network();
  change_constant(model, "hidden/kernel", [](std::span<float> kernel) { kernel[777] *= 1.01F; });
  EXPECT_EQ(divergence_of(model), "hidden");
}

TEST(Verify, PaddingOnTheWrongSideDiverges) {
  FrozenModel model = network();
  graph::Node* pad = nullptr;
  for (const auto& node : model.graph.nodes()) {
    if (node->op() == "Pad") pad = node.get();
  }
  ASSERT_NE(pad, nullptr);
  pad->input(1).node->set("value", Tensor::of<int32_t>({4, 2}, {0, 0, 1, 0, 1, 0, 0, 0}));
  EXPECT_EQ(divergence_of(model), "pad");
}

TEST(Verify, AnotherEpsilonDiverges) {
  FrozenModel model = network();
  graph::Node* norm = nullptr;
  for (const auto& node : model.graph.nodes()) {
    if (node->op().starts_with("FusedBatchNorm")) norm = node.get();
  }
  ASSERT_NE(norm, nullptr);
  norm->set("epsilon", graph::Attribute(1e-5F));
  EXPECT_EQ(divergence_of(model), "bn");
}

TEST(Verify, Relu6ForReluDiverges) {
  FrozenModel model = network();
  model.graph.find("conv/Relu")->set_op("Relu6");
  EXPECT_EQ(divergence_of(model), "conv");
}

TEST(Verify, AMissingBiasDiverges) {
  FrozenModel model = network();
  change_constant(model, "conv2/bias", [](std::span<float> bias) { std::ranges::fill(bias, 0.0F); });
  EXPECT_EQ(divergence_of(model), "conv2");
}

TEST(Verify, SwappedInputsDiverge) {
  FrozenModel model = network();
  graph::Node* sub = model.graph.find("sub/sub");
  ASSERT_NE(sub, nullptr);
  std::swap(sub->inputs[0], sub->inputs[1]);
  EXPECT_EQ(divergence_of(model), "sub");
  EXPECT_THAT(proof_of(model).first_divergence()->divergence, HasSubstr("element ["));
}

TEST(Verify, LegacyResizeForHalfPixelDiverges) {
  FrozenModel model = network();
  graph::Node* resize = nullptr;
  for (const auto& node : model.graph.nodes()) {
    if (node->op() == "ResizeBilinear") resize = node.get();
  }
  ASSERT_NE(resize, nullptr);
  resize->set("half_pixel_centers", !resize->get_or<bool>("half_pixel_centers", false));
  EXPECT_EQ(divergence_of(model), "up");
}

TEST(Verify, SwappedOutputColumnsDiverge) {
  FrozenModel model = network();
  change_constant(model, "dense/kernel", [](std::span<float> kernel) {
    for (size_t row = 0; row < kernel.size() / 10; ++row) std::swap(kernel[row * 10 + 2], kernel[row * 10 + 3]);
  });
  EXPECT_EQ(divergence_of(model), "dense");
}

TEST(Verify, NamesFromElsewhereAreFoundByTheirScope) {
  FrozenModel model = network();
  for (const auto& node : model.graph.nodes()) {
    if (node->op().starts_with("FusedBatchNorm")) {
      model.graph.rename(*node, "bn/FusedBatchNormV3_1");
      break;
    }
  }
  Verification proof = proof_of(model);
  EXPECT_TRUE(proof.equal);
  EXPECT_THAT(proof.not_found, IsEmpty());
  model.graph.rename(*model.graph.find("bn/FusedBatchNormV3_1"), "elsewhere");
  proof = proof_of(model);
  EXPECT_TRUE(proof.equal) << "the layers behind are fed the reference's values";
  EXPECT_THAT(proof.not_found, ElementsAre("bn"));
  change_constant(model, "bn/gamma", [](std::span<float> gamma) { gamma[0] += 0.1F; });
  proof = proof_of(model);
  EXPECT_FALSE(proof.equal) << "what is not found shows behind it";
}

// A softmax that gives ones and zeros on the random input is also run on smaller input, where its weights show.
TEST(Verify, ASaturatedLayerIsProvenToo) {
  TestModel model;
  model.input({kUnknown, 64});
  model.add("scale", "Rescaling", R"("scale": 1000)");
  model.add("dense", "Dense", R"("units": 4, "activation": "softmax")");
  FrozenModel frozen = model.frozen();
  EXPECT_EQ(divergence_of(frozen), "equal");
  change_constant(frozen, "dense/kernel", [](std::span<float> kernel) { kernel[3] *= 1.01F; });
  EXPECT_EQ(divergence_of(frozen), "dense");
}

TEST(Verify, EmbeddingsAndUnknownSizes) {
  TestModel model;
  model.input({kUnknown, kUnknown});
  model.add("embed", "Embedding", R"("input_dim": 5, "output_dim": 4)");
  model.add("conv", "Conv1D", R"("filters": 4, "kernel_size": [9], "padding": "valid")");
  model.add("average", "GlobalAveragePooling1D");
  model.add("dense", "Dense", R"("units": 1, "activation": "sigmoid")");
  FrozenModel frozen = model.frozen();
  const Verification proof = proof_of(frozen);
  EXPECT_TRUE(proof.equal) << (proof.equal
                                   ? ""
                                   : proof.first_divergence()->name + ": " + proof.first_divergence()->divergence);
  change_constant(frozen, "embed/embeddings", [](std::span<float> table) { table[4 * 4 + 1] += 0.01F; });
  EXPECT_EQ(divergence_of(frozen), "embed");
}

TEST(Verify, NanEqualsOnlyNan) {
  TestModel model;
  model.input({kUnknown, 4});
  model.add("dense", "Dense", R"("units": 3)");
  FrozenModel frozen = model.frozen();
  EXPECT_THAT(nan_weights(frozen.lowered), IsEmpty());
  change_constant(frozen, "dense/kernel",
                  [](std::span<float> kernel) { kernel[0] = std::numeric_limits<float>::quiet_NaN(); });
  EXPECT_EQ(divergence_of(frozen), "dense");
  Tensor& weight = frozen.lowered.calls[0].weights[0];
  weight = changed(weight, [](std::span<float> kernel) { kernel[0] = std::numeric_limits<float>::quiet_NaN(); });
  EXPECT_EQ(divergence_of(frozen), "equal");
  EXPECT_THAT(nan_weights(frozen.lowered), ElementsAre("dense"));
}

TEST(Verify, AnotherNumberOfInputsIsRefused) {
  FrozenModel model = network();
  model.signature.inputs.clear();
  EXPECT_ANY_THROW(proof_of(model));
}

}  // namespace
}  // namespace hoarfrost::evaluation
