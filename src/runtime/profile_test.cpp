// What a profile says of a step, against arithmetic by hand.
#include "runtime/testing_graph.h"

namespace hoarfrost::runtime {
namespace {

using Ints = std::vector<int64_t>;

class Profile : public testing::Test {
 protected:
  void SetUp() override {
    x = b.placeholder("x", {kUnknown, 8, 6, 4});
    const auto c =
        b.op("Conv2D", "conv", {x, b.weights({3, 3, 4, 16})}, {{"strides", Ints{1, 1, 1, 1}}, {"padding", "SAME"}});
    const auto p = b.op("MaxPool", "pool", {c},
                        {{"ksize", Ints{1, 2, 2, 1}}, {"strides", Ints{1, 2, 2, 1}}, {"padding", "VALID"}});
    y = b.op("MatMul", "dense", {b.op("Reshape", "flatten", {p, b.integers({-1, 192})}), b.weights({192, 10})});
  }

  std::vector<Step> profile(int64_t batch, bool fuse) {
    Session session(b.graph, {{x}, {y}}, {.threads = 2, .fuse = fuse});
    const Tensor input = b.random({batch, 8, 6, 4});
    return session.profile(std::span(&input, 1), 0.01);
  }

  static Step step_of(const std::vector<Step>& steps, const std::string& name) {
    for (const Step& step : steps) {
      if (step.name.starts_with(name)) return step;
    }
    ADD_FAILURE() << "no step " << name;
    return {};
  }

  GraphBuilder b;
  graph::Endpoint x, y;
};

TEST_F(Profile, CountsOperationsAndBytesByTheDefinition) {
  const auto steps = profile(3, false);
  const Step conv = step_of(steps, "conv");
  EXPECT_EQ(conv.n_flops, 2.0 * (3 * 8 * 6 * 16) * (3 * 3 * 4));
  EXPECT_EQ(conv.n_bytes, 4.0 * (3 * 8 * 6 * 4 + 3 * 3 * 4 * 16 + 3 * 8 * 6 * 16));
  const Step pool = step_of(steps, "pool");
  EXPECT_EQ(pool.n_flops, 4.0 * (3 * 4 * 3 * 16));
  const Step dense = step_of(steps, "dense");
  EXPECT_EQ(dense.n_flops, 2.0 * 3 * 192 * 10);
  EXPECT_EQ(dense.n_bytes, 4.0 * (3 * 192 + 192 * 10 + 3 * 10));
  for (const Step& step : steps) EXPECT_GT(step.seconds, 0) << step.name;
}

TEST_F(Profile, OfSlicesIsOfTheWholeBatch) {
  // 37 images divide into no slices of one size, whichever is chosen.
  const auto steps = profile(37, true);
  double n_flops = 0;
  for (const Step& step : steps) {
    EXPECT_GT(step.seconds, 0) << step.name;
    n_flops += step.n_flops;
  }
  EXPECT_DOUBLE_EQ(n_flops, 37 * (2.0 * (8 * 6 * 16) * (3 * 3 * 4) + 4.0 * (4 * 3 * 16) + 2.0 * 192 * 10));
}

TEST(Peak, IsOfAPossibleProcessor) {
  const Peak peak = measure_peak(1);
  EXPECT_GT(peak.flops_per_second, 1e9);
  EXPECT_LT(peak.flops_per_second, 1e12);  // of one thread
  EXPECT_GT(peak.bytes_per_second, 1e8);
  EXPECT_LT(peak.bytes_per_second, 1e12);
}

TEST(ProfileOfTraining, GradientsOfAConvolutionCountAsMuchAsItself) {
  GraphBuilder b;
  const std::vector<std::pair<const char*, graph::Attribute>> attributes{{"strides", std::vector<int64_t>{1, 1, 1, 1}},
                                                                         {"padding", "SAME"}};
  const auto x = b.placeholder("x", {2, 8, 6, 16}), w = b.placeholder("w", {3, 3, 16, 32}),
             dy = b.placeholder("dy", {2, 8, 6, 32});
  const auto dx = b.op("Conv2DBackpropInput", "dx", {b.integers({2, 8, 6, 16}), w, dy}, attributes);
  const auto dw = b.op("Conv2DBackpropFilter", "dw", {x, b.integers({3, 3, 16, 32}), dy}, attributes);
  const std::vector<Shape> shapes{{2, 8, 6, 16}, {3, 3, 16, 32}, {2, 8, 6, 32}};
  int n_found = 0;
  for (const Step& step : Session(b.graph, {{x, w, dy}, {dx, dw}}, {.is_deterministic = true}).plan(shapes)) {
    if (step.name != "dx" && step.name != "dw") continue;
    EXPECT_EQ(step.n_flops, 2.0 * (2 * 8 * 6 * 32) * (3 * 3 * 16));
    ++n_found;
  }
  EXPECT_EQ(n_found, 2);
}

}  // namespace
}  // namespace hoarfrost::runtime
