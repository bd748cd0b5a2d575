#include "data/transform.h"

#include <gmock/gmock.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "data/golden_data.h"

namespace hoarfrost::data {
namespace {

using namespace testing_support;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;

float largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
  EXPECT_EQ(a.size(), b.size());
  float largest = 0;
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

// tf.image.resize: nearest and bilinear to the bit, the others but for the order of their sums (values of 0 … 255).
TEST(Resize, ValuesAreTensorFlows) {
  const NamedTensors golden = read_npz(golden_path("resized.npz"));
  const Picture source = picture_of(*find(golden, "source"));
  int n_compared = 0;
  for (const NamedTensor& expected : golden) {
    std::istringstream name(expected.name);
    std::string method;
    Extent size{};
    if (!(name >> method >> size[0] >> size[1])) continue;
    ++n_compared;
    if (method == "smart") {
      const Picture part = crop_middle(source, part_of_aspect_ratio(source.extent(), size));
      EXPECT_EQ(resize(part, size, Interpolation::kBilinear).values, floats_of(expected.value)) << expected.name;
    } else if (method == "crop") {
      const Picture part = crop_middle(source, size);
      EXPECT_THAT(floats_of(expected.value), ElementsAreArray(part.values)) << expected.name;
    } else {
      const auto values = resize(source, size, interpolation_from_name(method)).values;
      const bool is_exact = method == "nearest" || method == "bilinear";
      EXPECT_LE(largest_difference(values, floats_of(expected.value)), is_exact ? 0 : 1e-4F) << expected.name;
    }
  }
  EXPECT_EQ(n_compared, 8 * 5 + 3 + 1);
}

// keras.applications.imagenet_utils.preprocess_input, to the bit.
TEST(Transform, PresetsAreKeras) {
  const NamedTensors golden = read_npz(golden_path("preprocessed.npz"));
  const Tensor& source = *find(golden, "source");
  for (const char* preset : {"tf", "caffe", "torch", "scale"}) {
    Preprocessing preprocessing;
    preprocessing.set_preset(preset);
    EXPECT_EQ(preprocessing.preset(), preset);
    const Transform bytes(preprocessing, {{16, 16, 3}, false, true}, {{16, 16, 3}, DType::kFloat32, 0}, "x");
    EXPECT_EQ(floats_of(bytes.batch(source, 1)), floats_of(*find(golden, preset))) << preset;
    const Transform floats(preprocessing, {{16, 16, 3}, false, false}, {{16, 16, 3}, DType::kFloat32, 0}, "x");
    EXPECT_EQ(floats_of(floats.batch(source.cast(DType::kFloat32), 1)), floats_of(*find(golden, preset))) << preset;
    // From pictures too, and back again.
    const Transform pictures(preprocessing, {{16, 16, 3}, DType::kFloat32, 0}, "x");
    Tensor x(DType::kFloat32, {16, 16, 3});
    pictures.picture(picture_of(source), x.mutable_values<float>().data());
    EXPECT_EQ(floats_of(x), floats_of(*find(golden, preset))) << preset;
    EXPECT_THAT(pictures.undo(x).values<uint8_t>(), ElementsAreArray(source.values<uint8_t>())) << preset;
  }
}

TEST(Transform, PlanesEitherWay) {
  // One example of two pixels: reds 1, 2, greens 3, 4, blues 5, 6.
  const Tensor planes = Tensor::of<uint8_t>({1, 3, 1, 2}, {1, 2, 3, 4, 5, 6});
  Preprocessing preprocessing;
  preprocessing.set_preset("none");
  const RawFormat raw{{3, 1, 2}, true, true};
  const auto values = [&](const Shape& wanted) {
    return floats_of(Transform(preprocessing, raw, {wanted, DType::kFloat32, 0}, "x").batch(planes, 1));
  };
  EXPECT_THAT(values({1, 2, 3}), ElementsAre(1, 3, 5, 2, 4, 6));
  EXPECT_THAT(values({3, 1, 2}), ElementsAre(1, 2, 3, 4, 5, 6));
  preprocessing.channel_order = ChannelOrder::kBgr;
  EXPECT_THAT(values({1, 2, 3}), ElementsAre(5, 3, 1, 6, 4, 2));
  EXPECT_THAT(values({3, 1, 2}), ElementsAre(5, 6, 3, 4, 1, 2));
  preprocessing.resize = {1, 1};
  preprocessing.interpolation = Interpolation::kArea;
  EXPECT_THAT(values({1, 1, 3}), ElementsAre(5.5F, 3.5F, 1.5F));
  EXPECT_THAT(values({3, 1, 1}), ElementsAre(5.5F, 3.5F, 1.5F));
}

TEST(Transform, MeanAndDeviationCountInScaledValues) {
  Preprocessing preprocessing;
  preprocessing.mean = {0.5};
  preprocessing.std = {0.5};
  const Transform transform(preprocessing, {{2}, false, true}, {{2}, DType::kFloat32, 0}, "x");
  EXPECT_THAT(floats_of(transform.batch(Tensor::of<uint8_t>({1, 2}, {0, 255}), 1)), ElementsAre(-1, 1));
}

std::string error_of(const Preprocessing& preprocessing, const RawFormat& raw, const Shape& wanted) {
  try {
    (void)Transform(preprocessing, raw, {wanted, DType::kFloat32, 0}, "x");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

TEST(Transform, ErrorsSayWhatWouldFit) {
  Preprocessing resized;
  resized.resize = {8, 8};
  EXPECT_EQ(error_of({}, {{32, 32, 3}, false, true}, {224, 224, 3}),
            "x: its examples are [32, 32, 3], the model takes [224, 224, 3]; --resize 224x224 would fit");
  EXPECT_EQ(error_of({}, {{32, 32, 3}, false, true}, {28, 28, 1}),
            "x: its examples are [32, 32, 3], the model takes [28, 28, 1]");
  EXPECT_EQ(error_of(resized, {{32, 32, 3}, false, true}, {6, 6, 3}),
            "x: its examples are [8, 8, 3], the model takes [6, 6, 3]; --resize 6x6 would fit");
  EXPECT_EQ(error_of(resized, {{5}, false, true}, {5}),
            "x: only pictures [height, width, channels] can be resized or cropped, its examples are [5]");
  Preprocessing cropped;
  cropped.crop = {40, 8};
  EXPECT_EQ(error_of(cropped, {{32, 32, 3}, false, true}, {40, 8, 3}),
            "x: pictures of 32x32 cannot be cropped to 40x8");
  Preprocessing means;
  means.mean = {1, 2};
  EXPECT_EQ(error_of(means, {{4, 4, 3}, false, true}, {4, 4, 3}),
            "x: expected one mean or one per channel (3), found 2");
}

TEST(Preprocessing, JsonRoundTrip) {
  Preprocessing full;
  full.set_preset("torch");
  full.resize = {256, 300};
  full.crop = {224, 224};
  full.interpolation = Interpolation::kLanczos5;
  full.crop_to_aspect_ratio = true;
  Preprocessing odd;
  odd.divide_by = 3;
  odd.std = {1, 2, 3};
  odd.channel_order = ChannelOrder::kBgr;
  for (const Preprocessing& p : {Preprocessing{}, full, odd})
    EXPECT_EQ(Preprocessing::from_json(p.to_json(), "x"), p) << p.to_json();
  EXPECT_THAT(full.to_json(), HasSubstr("\"preset\": \"torch\""));
  EXPECT_EQ(Preprocessing::path_beside("a/frozen.pb"), "a/frozen.preprocessing.json");
}

TEST(Preprocessing, JsonErrors) {
  const auto error = [](std::string_view text) -> std::string {
    try {
      (void)Preprocessing::from_json(text, "f.json");
    } catch (const Error& e) {
      return e.what();
    }
    return "no error";
  };
  EXPECT_EQ(error("{"), "f.json: expected preprocessing as a JSON object, as --save-preprocessing writes it");
  EXPECT_EQ(error("[]"), "f.json: expected preprocessing as a JSON object, as --save-preprocessing writes it");
  EXPECT_THAT(error(R"({"men": [1]})"), HasSubstr("f.json: unknown key `men`: expected one of preset, resize"));
  EXPECT_EQ(error(R"({"preset": "tensorflow"})"),
            "f.json: expected a preset of scale, tf, caffe, torch, none, found `tensorflow`");
  EXPECT_EQ(error(R"({"resize": [224]})"), "f.json: `resize`: expected [height, width] of 1 to 65536, found [224]");
  EXPECT_EQ(error(R"({"resize": [224, 1e9]})"),
            "f.json: `resize`: expected [height, width] of 1 to 65536, found [224,1000000000.0]");
  EXPECT_EQ(error(R"({"std": [1, 0]})"), "f.json: `std`: expected numbers other than 0, found [1,0]");
  EXPECT_EQ(error(R"({"divide_by": 0})"), "f.json: `divide_by`: expected a number other than 0, found 0");
  EXPECT_EQ(error(R"({"channel_order": "grb"})"),
            "f.json: `channel_order`: expected \"rgb\" or \"bgr\", found \"grb\"");
  EXPECT_THAT(error(R"({"interpolation": "cubic"})"),
              HasSubstr("f.json: expected an interpolation of nearest, bilinear"));
}

}  // namespace
}  // namespace hoarfrost::data
