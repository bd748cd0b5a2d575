// The own Winograd convolution itself, whatever the clock would choose, in each pair of layouts.
#include "runtime/kernels/winograd.h"

#include "runtime/fuse/fuse.h"
#include "runtime/kernels/convolution.h"
#include "runtime/kernels/simd.h"
#include "runtime/lower.h"
#include "runtime/testing_graph.h"
#include "runtime/threads.h"

namespace hoarfrost::runtime {
namespace {

using Ints = std::vector<int64_t>;
using graph::Endpoint;

struct Case {
  const char* name;
  Shape input;  // [N, H, W, C]
  int64_t n_out_channels;
  const char* padding;
  bool has_addend;
  const char* activation;  // an op, or nullptr
};

class Winograd : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (!has_avx512()) GTEST_SKIP() << "this processor has no AVX-512";
    const Case& c = GetParam();
    x = b.placeholder("x", c.input);
    const auto convolution =
        b.op("Conv2D", "conv", {x, b.weights({3, 3, c.input.last(), c.n_out_channels}, -0.3F, 0.3F)},
             {{"strides", Ints{1, 1, 1, 1}}, {"padding", std::string(c.padding)}});
    y = b.op("BiasAdd", "bias", {convolution, b.weights({c.n_out_channels})});
    if (c.has_addend) {
      Shape shape = c.input;
      shape[3] = c.n_out_channels;
      addend = b.placeholder("addend", shape);
      y = b.op("AddV2", "sum", {y, addend});
    }
    if (c.activation != nullptr) y = b.op(c.activation, "activation", {y});
  }

  dnnl::memory in_layout(const Tensor& value, const Layout& layout) {
    const auto plain = row_major(value.shape());
    dnnl::memory source(plain, engine, const_cast<std::byte*>(value.bytes().data()));
    dnnl::memory target(describe(value.shape(), layout), engine);
    dnnl::stream stream(engine);
    dnnl::reorder(source, target).execute(stream, source, target);
    stream.wait();
    return target;
  }

  static Layout layout_of(const Shape& shape, bool is_blocked) {
    if (!is_blocked) return {};
    return dnnl::memory::desc(dnnl_dims(shape), dnnl::memory::data_type::f32, dnnl::memory::format_tag::nChw16c);
  }

  std::map<Endpoint, Tensor> random_feeds() {
    std::map<Endpoint, Tensor> feeds{{x, b.random(GetParam().input)}};
    if (addend) feeds[addend] = b.random(addend.node->get<Shape>("shape"));
    return feeds;
  }

  // The kernel's output, and the memory behind it.
  std::pair<Tensor, dnnl::memory> run(std::map<Endpoint, Tensor>& feeds, bool is_blocked_in, bool is_blocked_out) {
    graph::Signature signature{{x}, {y}};
    std::vector<Shape> shapes{GetParam().input};
    if (addend) {
      signature.inputs.push_back(addend);
      shapes.push_back(feeds[addend].shape());
    }
    OperationList list = lower(needed_nodes(b.graph, signature), signature, shapes);
    fuse(list);
    EXPECT_EQ(list.operations.size(), 1U);
    const Operation& operation = list.operations.at(0);
    Weights weights(engine);
    Tuning tuning;
    const Shape& filter = list.values[static_cast<size_t>(operation.inputs[1])].shape;
    const Shape& shape = list.values[static_cast<size_t>(operation.outputs[0])].shape;
    const Layout in = layout_of(GetParam().input, is_blocked_in);
    const Layout out = layout_of(shape, is_blocked_out);
    const std::vector<Layout> layouts(list.values.size());
    const Strategy strategy;
    const auto kernel = make_winograd(operation, convolution_windows(operation, GetParam().input, filter), in, out,
                                      {list, layouts, strategy, engine, weights, tuning});
    if (kernel == nullptr) throw std::logic_error("no kernel");
    dnnl::memory source = in_layout(feeds[x], in);
    dnnl::memory target = in_layout(addend ? feeds[addend] : Tensor(DType::kFloat32, shape), out);
    const Arena scratchpad(kernel->scratchpad_bytes);
    void* inputs[] = {source.get_data_handle(), target.get_data_handle()};
    void* outputs[] = {target.get_data_handle()};
    kernel->run({inputs, outputs, scratchpad.data()}, dnnl::stream(engine));
    Tensor found(DType::kFloat32, shape);
    dnnl::memory plain(row_major(shape), engine, found.mutable_bytes().data());
    dnnl::stream stream(engine);
    dnnl::reorder(target, plain).execute(stream, target, plain);
    stream.wait();
    return {found, target};
  }

  void expect_reference(bool is_blocked_in, bool is_blocked_out, int n_threads) {
    SCOPED_TRACE(std::to_string(is_blocked_in) + std::to_string(is_blocked_out) + ", threads " +
                 std::to_string(n_threads));
    const ThreadCount threads(n_threads);
    auto feeds = random_feeds();
    const auto [found, memory] = run(feeds, is_blocked_in, is_blocked_out);
    GraphBuilder::expect_near(found, ops::evaluate(b.graph, feeds, std::vector{y})[0], 2e-5);
    expect_zeros_behind_the_channels(memory, found.shape(), is_blocked_out);
  }

  // oneDNN's blocked layouts count on it.
  static void expect_zeros_behind_the_channels(const dnnl::memory& memory, const Shape& shape, bool is_blocked) {
    const int64_t n_channels = shape.last();
    if (!is_blocked || n_channels % 16 == 0) return;
    const auto* values = static_cast<const float*>(memory.get_data_handle());
    const int64_t n_pixels = shape[1] * shape[2], n_blocks = (n_channels + 15) / 16;
    for (int64_t image = 0; image < shape[0]; ++image) {
      const float* last = values + (image * n_blocks + n_blocks - 1) * n_pixels * 16;
      for (int64_t pixel = 0; pixel < n_pixels; ++pixel) {
        for (int64_t c = n_channels % 16; c < 16; ++c)
          ASSERT_EQ(last[pixel * 16 + c], 0) << "image " << image << ", pixel " << pixel << ", channel " << c;
      }
    }
  }

  GraphBuilder b;
  Endpoint x, y, addend;
  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
};

TEST_P(Winograd, GivesTheReferencesValuesInEveryLayout) {
  for (const bool is_blocked_in : {false, true}) {
    for (const bool is_blocked_out : {false, true}) {
      for (const int n_threads : {1, 2}) expect_reference(is_blocked_in, is_blocked_out, n_threads);
    }
  }
}

// Clamped or not, what is no number must not become one: evaluations count NaN.
TEST_P(Winograd, KeepsNan) {
  auto feeds = random_feeds();
  std::ranges::fill(feeds[x].mutable_values<float>(), std::nanf(""));
  for (const bool is_blocked : {false, true}) {
    const Tensor found = run(feeds, is_blocked, is_blocked).first;
    EXPECT_TRUE(std::ranges::all_of(found.values<float>(), [](float value) { return std::isnan(value); }));
  }
}

INSTANTIATE_TEST_SUITE_P(
    All, Winograd,
    testing::Values(Case{"WholeTiles", {2, 8, 12, 16}, 32, "SAME", false, nullptr},
                    Case{"PartialTiles", {3, 7, 9, 16}, 64, "SAME", false, "Relu"},
                    Case{"Valid", {1, 10, 7, 32}, 16, "VALID", false, "Relu6"},
                    Case{"FewChannels", {2, 6, 6, 3}, 7, "SAME", false, "Relu"},
                    Case{"BlocksThatChannelsDoNotFill", {5, 14, 14, 28}, 100, "SAME", false, "Relu"},
                    Case{"Residual", {2, 9, 5, 20}, 24, "SAME", true, "Relu"},
                    Case{"ResidualAlone", {1, 4, 4, 16}, 48, "SAME", true, nullptr},
                    Case{"OnePixel", {1, 1, 1, 16}, 16, "SAME", false, nullptr},
                    Case{"FiltersDividedAmongThreads", {1, 7, 7, 80}, 272, "SAME", false, "Relu"},
                    Case{"ManyTiles", {4, 28, 28, 16}, 16, "SAME", false, "Relu"}),
    [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace hoarfrost::runtime
