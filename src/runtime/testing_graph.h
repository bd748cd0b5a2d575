// For the runtime's tests: graphs built by hand with random weights, and their outputs held against the ops'
// references.
#pragma once

#include <gmock/gmock.h>
#include <hoarfrost/runtime.h>

#include <cmath>
#include <random>

#include "ops/op.h"

namespace hoarfrost::runtime {

class GraphBuilder {
 public:
  graph::Graph graph;

  graph::Endpoint placeholder(const char* name, Shape shape, DType dtype = DType::kFloat32) {
    return graph.add("Placeholder", name).set("dtype", dtype).set("shape", std::move(shape)).output();
  }

  graph::Endpoint op(const char* op, const std::string& name, std::vector<graph::Endpoint> inputs,
                     const std::vector<std::pair<const char*, graph::Attribute>>& attributes = {}) {
    graph::Node& node = graph.add(op, graph.unique_name(name), std::move(inputs)).set("T", DType::kFloat32);
    for (const auto& [key, value] : attributes) node.set(key, value);
    return node.output();
  }

  graph::Endpoint constant(Tensor value) {
    return graph.add_const(graph.unique_name("const"), std::move(value)).output();
  }
  graph::Endpoint scalar(int32_t value) { return constant(Tensor::scalar<int32_t>(value)); }
  graph::Endpoint integers(const std::vector<int32_t>& values) { return constant(Tensor::vector<int32_t>(values)); }
  graph::Endpoint weights(const Shape& shape, float low = -1, float high = 1) {
    return constant(random(shape, low, high));
  }

  Tensor random(const Shape& shape, float low = -1, float high = 1) {
    Tensor result(DType::kFloat32, shape);
    std::uniform_real_distribution<float> distribution(low, high);
    for (float& value : result.mutable_values<float>()) value = distribution(engine_);
    return result;
  }

  // 4 values per channel as a trained layer has them, some gammas negative.
  graph::Endpoint batch_norm(const std::string& name, graph::Endpoint x, int64_t n_channels) {
    return op(
        "FusedBatchNorm", name,
        {x, weights({n_channels}, -1, 2), weights({n_channels}), weights({n_channels}), weights({n_channels}, 0.5F, 2)},
        {{"is_training", false}, {"epsilon", 1e-3F}});
  }

  // The session's outputs, fused and not, at batches 1, 3 and 32, against the references'. They accumulate in double;
  // float32 sums of n products of values near 1 differ from that by about sqrt(n) * 2^-24, and Winograd's transforms
  // multiply it by up to 30: 2e-5 of the largest value covers all graphs here.
  void expect_reference(const std::vector<graph::Endpoint>& inputs, const std::vector<graph::Endpoint>& outputs,
                        double tolerance = 2e-5) {
    for (const bool fuse : {true, false}) {
      Session session(graph, {inputs, outputs}, {.threads = 2, .fuse = fuse});
      for (const int64_t batch : {1, 3, 32}) expect_reference(session, inputs, outputs, batch, tolerance);
    }
  }

  std::vector<Step> plan(const std::vector<graph::Endpoint>& inputs, const std::vector<graph::Endpoint>& outputs,
                         int64_t batch = 3, bool fuse = true) {
    std::vector<Shape> shapes;
    for (const auto& input : inputs) shapes.push_back(shape_of(input, batch));
    return Session(graph, {inputs, outputs}, {.threads = 2, .fuse = fuse}).plan(shapes);
  }

  // Every element within `tolerance` of the largest expected value (of 1 at least).
  static void expect_near(const Tensor& found, const Tensor& expected, double tolerance) {
    ASSERT_EQ(found.shape(), expected.shape());
    ASSERT_EQ(found.dtype(), expected.dtype());
    const Reader f(found);
    const Reader e(expected);
    double largest = 1;
    double error = 0;
    for (int64_t i = 0; i < expected.n_elements(); ++i) {
      largest = std::max(largest, std::abs(e[i]));
      error = std::max(error, std::isnan(f[i]) ? INFINITY : std::abs(f[i] - e[i]));
    }
    EXPECT_LE(error, tolerance * largest);
  }

 private:
  static Shape shape_of(graph::Endpoint input, int64_t batch) {
    auto shape = input.node->get<Shape>("shape");
    for (int i = 0; i < shape.rank(); ++i) {
      if (shape[i] == kUnknown) shape[i] = batch;
    }
    return shape;
  }

  void expect_reference(Session& session, const std::vector<graph::Endpoint>& inputs,
                        const std::vector<graph::Endpoint>& outputs, int64_t batch, double tolerance) {
    std::map<graph::Endpoint, Tensor> feeds;
    std::vector<Tensor> values;
    for (const auto& input : inputs) {
      values.push_back(random(shape_of(input, batch), -2, 2).cast(input.node->type("dtype")));
      feeds[input] = values.back();
    }
    const auto expected = ops::evaluate(graph, feeds, outputs);
    for (const char* run : {"first", "second"}) {
      const auto found = session.run(values);
      ASSERT_EQ(found.size(), expected.size());
      for (size_t i = 0; i < found.size(); ++i) {
        SCOPED_TRACE(outputs[i].name() + ", batch " + std::to_string(batch) + ", " + run + " run");
        expect_near(found[i], expected[i], tolerance);
      }
    }
  }

  std::mt19937 engine_{20240229};
};

}  // namespace hoarfrost::runtime
