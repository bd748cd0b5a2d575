// The builder against real Keras: tests/golden/keras/builder holds to_json() of the same networks
// (tools/make_builder_goldens.py).
#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <hoarfrost/layers.h>

#include <nlohmann/json.hpp>

namespace {

using namespace hoarfrost;
using namespace hoarfrost::keras::layers;
using keras::models::Model;
using keras::models::Sequential;

nlohmann::json golden(const std::string& name) {
  return nlohmann::json::parse(File::open(HOARFROST_GOLDEN "/keras/builder/" + name + ".json")->text());
}

// Where they differ, for people.
void expect_equal(const nlohmann::json& expected, const std::string& built) {
  const auto difference = nlohmann::json::diff(expected, nlohmann::json::parse(built));
  EXPECT_EQ(difference, nlohmann::json::array());
}

Model residual() {
  auto inputs = Input({32, 32, 3});
  auto x = Conv2D(
      16, 3,
      {.padding = "same", .kernel_initializer = "he_normal", .kernel_regularizer = Object{"L2", {{"l2", 1e-4}}}})(
      inputs);
  x = BatchNormalization()(x);
  x = ReLU({.max_value = 6.0})(x);
  for (const int filters : {16, 32}) {
    auto y = ZeroPadding2D(1)(x);
    y = Conv2D(filters, {3, 3}, {.use_bias = false})(y);
    y = BatchNormalization({.momentum = 0.9, .epsilon = 1e-5})(y);
    y = LeakyReLU(0.1)(y);
    const auto shortcut = Conv2D(filters, 1)(x);
    x = Add()({y, shortcut});
  }
  const auto a = AveragePooling2D(2, {.strides = 1, .padding = "same"})(x);
  const auto b = DepthwiseConv2D({5, 5}, {.padding = "same", .depthwise_constraint = "max_norm"})(x);
  x = Concatenate()({a, b, x});
  x = SeparableConv2D(8, 3, {.activation = "swish", .name = "mix"})(x);
  x = UpSampling2D(2, {.interpolation = "bilinear"})(x);
  x = GlobalAveragePooling2D()(x);
  return Model(inputs,
               Dense(10, {.activation = "softmax",
                          .kernel_initializer = Object{"TruncatedNormal", {{"stddev", 0.02}, {"seed", 7}}}})(x),
               "residual");
}

Model text() {
  return Sequential({Embedding(1000, 16, {.mask_zero = true, .input_length = 20}), SpatialDropout1D(0.2),
                     Bidirectional(LSTM(8, {.return_sequences = true})),
                     Bidirectional(GRU(4, {.dropout = 0.1}), {.merge_mode = "sum"}),
                     Dense(1, {.activation = "sigmoid"})});
}

Model sequential() {
  return Sequential(
      {Conv2D(4, {3, 3}, {.input_shape = {28, 28, 1}}), Activation("relu"), MaxPooling2D(), Flatten(), Dense(5)},
      "digits");
}

Model shared() {
  const auto a = Input({8}, {.name = "left"}), b = Input({8}, {.name = "right"});
  const Sequential tower({Input({8}), Dense(4, {.activation = "relu"}), Dense(3)});
  const auto head = Dense(2);
  const auto x = head(tower(a)), y = head(tower(b));
  const auto distance = Dot(1, {.normalize = true})({x, y});
  const auto last = Dense(3);  // Python makes the inner layers later than the outer one, and so does this
  const auto twice = head(last(head(Subtract()({tower(a), tower(b)}))));
  return Model({a, b}, {distance, twice, x});
}

Model nested() {
  const auto inner_in = Input({6});
  const Model inner(inner_in, {Dense(3)(inner_in), Dense(2, {.name = "second"})(inner_in)}, "inner");
  const auto a = Input({6}), b = Input({6}, {.dtype = "float64"}), unused = Input({2});
  const auto pq = inner(a);
  const auto r = inner(Dense(6)(b));
  return Model({a, b, unused}, {Average()({pq[0], r[0]}), pq[1]});
}

Model sequences() {
  const auto query = Input({5, 8}), memory = Input({nullptr, 8});
  auto x = MultiHeadAttention(2, 4, {.dropout = 0.1})(query, {{"value", memory}});
  const auto normalization = LayerNormalization({.epsilon = 1e-6});
  x = normalization(Add()({query, x}));
  x = MultiHeadAttention(2, 3, {.value_dim = 5})(x, {{"value", memory}, {"key", memory}});
  const auto states = LSTM(6, {.return_sequences = true, .return_state = true})(x);
  const auto decoded = LSTM(6)(states[0], {{"initial_state", {states[1], states[2]}}});
  const auto steps = TimeDistributed(Dense(3))(states[0]);
  const Layer lstm("LSTMCell", {{"units", 3}}), gru("GRUCell", {{"units", 2}});
  const auto cells = Layer("RNN", {{"cell", Layer("StackedRNNCells", {{"cells", {lstm, gru}}})}})(steps);
  const auto single =
      Layer("RNN", {{"cell", Layer("SimpleRNNCell", {{"units", 3}})}, {"return_sequences", true}})(steps);
  const auto attended = Attention()({single, single});
  return Model({query, memory}, {decoded, cells, attended, states[1]});
}

// A layer of each class, as nobody says anything about it.
Model zoo() {
  const auto vector = Input({6}), sequence = Input({8, 4}), image = Input({8, 8, 4}), volume = Input({8, 8, 8, 2});
  std::vector<KerasTensor> ends;
  const auto add = [&](const KerasTensor& x, const std::vector<Layer>& layers) {
    for (const Layer& layer : layers) ends.push_back(layer(x));
  };
  const auto named = [](const char* class_name, const Arguments& arguments = {}) {
    return Layer(class_name, arguments);
  };
  add(vector, {named("ActivityRegularization"), named("AlphaDropout", {{"rate", 0.1}}), Dropout(0.1), ELU(),
               GaussianDropout(0.1), GaussianNoise(0.1), named("Identity"), LeakyReLU(), Masking(), PReLU(),
               RepeatVector(3), Rescaling(2.0), Reshape({2, 3}), Softmax(), named("ThresholdedReLU"),
               UnitNormalization(), named("Normalization", {{"mean", 1.0}, {"variance", 2.0}})});
  add(sequence, {AveragePooling1D(), Conv1D(2, 3), Conv1DTranspose(2, 3), Cropping1D(), DepthwiseConv1D(3),
                 named("EinsumDense", {{"equation", "abc,cd->abd"}, {"output_shape", {nullptr, 3}}}), GRU(2),
                 SimpleRNN(2), GlobalAveragePooling1D(), GlobalMaxPooling1D(), MaxPooling1D(), Permute({2, 1}),
                 SeparableConv1D(2, 3), UpSampling1D(), ZeroPadding1D(2)});
  const auto forward = LSTM(2), backward = LSTM(2, {.go_backwards = true});
  add(sequence, {Bidirectional(forward, {.backward_layer = backward})});
  add(image, {Conv2DTranspose(2, 3, {.strides = 2}), Cropping2D({{1, 2}, {0, 1}}), GlobalMaxPooling2D(),
              named("GroupNormalization", {{"groups", 2}}), named("RandomFlip"),
              named("RandomRotation", {{"factor", 0.2}}), named("RandomZoom", {{"height_factor", 0.2}}),
              named("RandomTranslation", {{"height_factor", 0.1}, {"width_factor", 0.1}}),
              named("RandomContrast", {{"factor", 0.2}}), SpatialDropout2D(0.1), PReLU({.shared_axes = {1, 2}}),
              BatchNormalization({.axis = 1}), LayerNormalization({.axis = {1, 2}})});
  const auto inner = Conv1D(2, 3);
  add(image, {TimeDistributed(inner)});
  add(volume, {AveragePooling3D(), Conv3D(2, 3), Conv3DTranspose(2, 3),
               named("ConvLSTM2D", {{"filters", 2}, {"kernel_size", 3}}), Cropping3D(), GlobalAveragePooling3D(),
               GlobalMaxPooling3D(), MaxPooling3D(), SpatialDropout3D(0.1), UpSampling3D(), ZeroPadding3D()});
  add({sequence, sequence}, {Multiply(), Maximum(), Minimum(), AdditiveAttention()});
  return Model({vector, sequence, image, volume}, ends);
}

struct Case {
  const char* name;
  Model (*make)();
};

class Builder : public testing::TestWithParam<Case> {};

TEST_P(Builder, SaysWhatKerasSays) {
  keras::clear_session();
  expect_equal(golden(GetParam().name), GetParam().make().to_json());
}

INSTANTIATE_TEST_SUITE_P(Networks, Builder,
                         testing::Values(Case{"residual", residual}, Case{"text", text}, Case{"sequential", sequential},
                                         Case{"shared", shared}, Case{"nested", nested}, Case{"sequences", sequences},
                                         Case{"zoo", zoo}),
                         [](const auto& test) { return test.param.name; });

template <typename Make>
std::string message(const Make& make) {
  keras::clear_session();
  try {
    make();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(BuilderErrors, NameWhatIsWrong) {
  EXPECT_THAT(message([] {
                Layer("Conv2D", {{"filters", 2}, {"kernel_size", 3}, {"pading", "same"}});
              }),
              testing::StartsWith("Conv2D: has no argument `pading`; the nearest: padding, "));
  EXPECT_EQ(message([] { Layer("Dense"); }), "Dense: lacks its argument `units`");
  EXPECT_EQ(message([] { Dense(3, {.kernel_initializer = "he_norml"}); }), "he_norml: is no initializer of Keras 2.15");
  EXPECT_EQ(message([] {
              Dense(3, {.kernel_regularizer = Object{"L2", {{"l3", 1}}}});
            }),
            "L2: has no argument `l3`; the nearest: l2");
  EXPECT_THAT(message([] { Conv2D(2, 3)(Input({4})); }),
              testing::StartsWith("layer `conv2d` (Conv2D): expected an input of 4 axes, found"));
  EXPECT_THAT(message([] {
                Conv2D(2, 3, {.padding = "sane"})(Input({8, 8, 1}));
              }),
              testing::HasSubstr("layer `conv2d` (Conv2D)"));
  EXPECT_THAT(message([] { Layer("Dens")(Input({4})); }), testing::HasSubstr("`Dens` is not supported"));
  EXPECT_THAT(message([] {
                Dense(3)(LSTM(2, {.return_state = true})(Input({3, 4})));
              }),
              testing::HasSubstr("layer `dense` (Dense): expected 1 input, found 3"));
  EXPECT_EQ(message([] { (void)Input({4})[1]; }), "KerasTensor: there are 1 tensors, and none of number 1");
  EXPECT_EQ(message([] { (void)Input("x"); }),
            "Input: expected a shape without the batch, as {28, 28, 1}, found \"x\"");
}

TEST(BuilderErrors, NameWhatIsNoModel) {
  EXPECT_EQ(message([] {
              const auto a = Input({4}), b = Input({4});
              Model(a, Add()({a, b}));
            }),
            "layer `input_2` (InputLayer): the model's outputs depend on it, but it is none of its inputs");
  EXPECT_EQ(message([] {
              const auto a = Dense(2)(Input({4}));
              Model(a, Dense(3)(a));
            }),
            "layer `dense` (Dense): a model's inputs must be what Input() gives");
  EXPECT_EQ(message([] {
              const auto a = Input({4});
              Model(a, Dense(3, {.name = "same"})(Dense(4, {.name = "same"})(a)));
            }),
            "layer `same` (Dense): two layers of the model have this name");
  EXPECT_EQ(message([] { Sequential({Dense(3)}); }),
            "model `sequential`: its first layer `dense` does not say the shape that it takes: begin with Input(…), or "
            "give it "
            "`input_shape`");
  EXPECT_EQ(message([] { Sequential({}); }), "model `sequential`: a Sequential without layers");
}

}  // namespace
