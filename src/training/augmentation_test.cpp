// Against real Keras 2.15 (tools/make_augmentation_goldens.py).
#include <gmock/gmock.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>

#include <nlohmann/json.hpp>

#include "training/augment_picture.h"

namespace hoarfrost::training {
namespace {

using PlainJson = nlohmann::json;

PictureChange change_of(const PlainJson& json) {
  PictureChange change;
  change.theta = json.value("theta", 0.0);
  change.tx = json.value("tx", 0.0);
  change.ty = json.value("ty", 0.0);
  change.shear = json.value("shear", 0.0);
  change.zx = json.value("zx", 1.0);
  change.zy = json.value("zy", 1.0);
  change.flips_horizontally = json.value("flip_horizontal", false);
  change.flips_vertically = json.value("flip_vertical", false);
  change.channel_shift = json.value("channel_shift_intensity", 0.0);
  change.has_brightness = json.contains("brightness");
  change.brightness = json.value("brightness", 1.0);
  return change;
}

TEST(Augmentation, IsWhatKerasMakesOfPictures) {
  const auto path = std::filesystem::path(HOARFROST_GOLDEN) / "training/augmentation.json";
  const PlainJson golden = PlainJson::parse(File::open(path)->text());
  ASSERT_EQ(golden["cases"].size(), 100U);
  std::vector<float> spare;
  for (const PlainJson& test : golden["cases"]) {
    const PlainJson& picture = golden["pictures"][test["picture"].get<size_t>()];
    const PictureSize size{picture["shape"][0], picture["shape"][1], picture["shape"][2]};
    auto pixels = picture["values"].get<std::vector<float>>();
    Augmentation how;
    how.fill_mode = fill_mode_from_name(test["fill_mode"].get<std::string>());
    how.cval = golden["cval"];

    change_picture(how, change_of(test["change"]), size, pixels.data(), spare);
    const auto expected = test["values"].get<std::vector<float>>();

    // steps.

    for (size_t i = 0; i < expected.size(); ++i)
      ASSERT_NEAR(pixels[i], expected[i], 2e-3) << test["picture"] << test["fill_mode"] << test["change"] << i;
  }
}

TEST(Augmentation, DependsOnSeedAndRowAlone) {
  Augmentation how;
  how.rotation_range = 20;
  how.width_shift_range = 0.25;
  how.height_shift_range = 3;
  how.zoom_low = 0.8, how.zoom_high = 1.1;
  how.horizontal_flip = true;
  const PictureSize size{10, 20, 3};
  int n_flipped = 0;
  double largest_x = 0, largest_y = 0;
  for (int64_t row = 0; row < 1000; ++row) {
    const PictureChange change = draw_change(how, size, 5, row), again = draw_change(how, size, 5, row);
    EXPECT_EQ(change.theta, again.theta);
    EXPECT_NE(change.theta, draw_change(how, size, 6, row).theta);
    EXPECT_NE(change.theta, draw_change(how, size, 5, row + 1).theta);
    EXPECT_LE(std::abs(change.theta), 20);
    EXPECT_TRUE(change.zx >= 0.8 && change.zx <= 1.1 && change.zx != change.zy);
    EXPECT_FALSE(change.flips_vertically || change.has_brightness || change.shear != 0 || change.channel_shift != 0);
    largest_x = std::max(largest_x, std::abs(change.tx));
    largest_y = std::max(largest_y, std::abs(change.ty));
    n_flipped += change.flips_horizontally ? 1 : 0;
  }
  EXPECT_NEAR(n_flipped, 500, 80);  // five deviations
  EXPECT_NEAR(largest_x, 5, 0.08);  // a quarter of 20
  EXPECT_NEAR(largest_y, 3, 0.05);  // pixels
}

TEST(Augmentation, InWords) {
  Augmentation how;
  EXPECT_TRUE(how.is_none());
  how.cval = 3;
  how.fill_mode = FillMode::kWrap;
  EXPECT_TRUE(how.is_none());
  how.rotation_range = 15;
  how.zoom_low = 0.9;
  how.horizontal_flip = true;
  EXPECT_EQ(how.to_string(), "rotation_range 15, zoom_range 0.9 to 1, horizontal_flip");
  EXPECT_EQ(fill_mode_name(FillMode::kReflect), "reflect");
  try {
    (void)fill_mode_from_name("mirror");
    FAIL();
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "expected one of nearest, constant, reflect, wrap, found `mirror`");
  }
}

}  // namespace
}  // namespace hoarfrost::training
