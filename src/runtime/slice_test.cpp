#include "runtime/slice.h"

#include "runtime/compile.h"
#include "runtime/fuse/fuse.h"
#include "runtime/lower.h"
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Ints = std::vector<int64_t>;
using graph::Endpoint;

class Slice : public testing::Test {
 protected:
  // The graph sliced, two threads, against the references.
  void expect_reference(const std::vector<Endpoint>& inputs, const std::vector<Endpoint>& outputs, int64_t batch,
                        int64_t n_images, bool prefers_blocked) {
    const graph::Signature signature{inputs, outputs};
    std::vector<Shape> shapes;
    for (const auto& input : inputs) {
      shapes.push_back(input.node->get<Shape>("shape"));
      shapes.back()[0] = batch;
    }
    const auto nodes = needed_nodes(b.graph, signature);
    OperationList list = lower(nodes, signature, shapes);
    fuse(list);
    const auto cut = sliced(list, n_images);
    ASSERT_TRUE(cut);
    const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
    Weights weights(engine);
    Tuning tuning;
    const auto program =
        compile(*cut, {.strategy = {.prefers_blocked = prefers_blocked}, .n_threads = 2}, engine, weights, tuning);
    EXPECT_EQ(program->steps().at(0).implementation, "own:slices of " + std::to_string(n_images));
    std::map<Endpoint, Tensor> feeds;
    std::vector<void*> sources, targets;
    for (size_t i = 0; i < inputs.size(); ++i) {
      const Tensor& value = feeds[inputs[i]] = b.random(shapes[i]);
      sources.push_back(const_cast<std::byte*>(value.bytes().data()));
    }
    std::vector<Tensor> results;
    for (const auto& output : program->outputs()) results.emplace_back(output.dtype, output.shape);
    for (auto& result : results) targets.push_back(result.mutable_bytes().data());
    program->run(sources, targets);
    const auto expected = ops::evaluate(b.graph, feeds, outputs);
    for (size_t i = 0; i < results.size(); ++i) GraphBuilder::expect_near(results[i], expected[i], 2e-5);
  }

  Endpoint convolution(const std::string& name, Endpoint x, const Shape& filter) {
    return b.op("Conv2D", name, {x, b.weights(filter, -0.1F, 0.1F)},
                {{"strides", Ints{1, 1, 1, 1}}, {"padding", "SAME"}});
  }

  GraphBuilder b;
};

TEST_F(Slice, ImagesInSlicesAndDenseLayersWhole) {
  const auto x = b.placeholder("x", {kUnknown, 8, 8, 16});
  const auto c = b.op("Relu", "relu", {convolution("conv", x, {3, 3, 16, 32})});
  const auto p = b.op("MaxPool", "pool", {b.batch_norm("bn", c, 32)},
                      {{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", "VALID"}});
  const auto flat = b.op("Reshape", "flat", {p, b.integers({-1, 512})});
  const auto y = b.op("MatMul", "dense", {flat, b.weights({512, 9})});
  for (const auto& [batch, n_images] : {std::pair{8, 4}, {7, 2}, {5, 3}, {2, 1}}) {
    for (const bool prefers_blocked : {false, true}) expect_reference({x}, {y, p}, batch, n_images, prefers_blocked);
  }
}

TEST_F(Slice, ShortcutsConcatenationsAndMeansAreSliced) {
  const auto x = b.placeholder("x", {kUnknown, 6, 6, 16});
  const auto z = b.placeholder("z", {kUnknown, 6, 6, 16});
  const auto c = b.op("AddV2", "add", {convolution("conv", x, {3, 3, 16, 16}), z});
  const auto joined = b.op("ConcatV2", "concat", {c, x, b.scalar(3)}, {{"N", 2}});
  expect_reference({x, z}, {b.op("Mean", "mean", {joined, b.integers({1, 2})}), joined}, 6, 2, true);
}

TEST_F(Slice, WhatMixesImagesIsNotSliced) {
  const auto x = b.placeholder("x", {kUnknown, 6, 6, 16});
  const auto a = b.op("Relu", "a", {convolution("conv", x, {3, 3, 16, 16})});
  const auto mean = b.op("Mean", "mean", {a, b.integers({0})}, {{"keep_dims", true}});
  expect_reference({x}, {b.op("Sub", "centred", {b.op("Tanh", "tanh", {a}), mean})}, 6, 2, true);
}

TEST_F(Slice, ASmallBatchIsNotSliced) {
  const auto x = b.placeholder("x", {kUnknown, 6, 6, 16});
  const auto y = b.op("Tanh", "y", {b.op("Relu", "a", {x})});
  const graph::Signature signature{{x}, {y}};
  const auto nodes = needed_nodes(b.graph, signature);
  EXPECT_FALSE(sliced(lower(nodes, signature, std::vector{Shape{4, 6, 6, 16}}), 4));
  EXPECT_TRUE(sliced(lower(nodes, signature, std::vector{Shape{5, 6, 6, 16}}), 4));
}

}  // namespace
}  // namespace hoarfrost::runtime
