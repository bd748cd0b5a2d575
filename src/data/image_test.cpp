#include "data/image.h"

#include <gmock/gmock.h>
#include <hoarfrost/error.h>

#include "data/golden_data.h"

namespace hoarfrost::data {
namespace {

using namespace testing_support;
using ::testing::HasSubstr;

// Every picture's very pixels, of every kind that people have.
TEST(Image, PixelsAreTensorFlows) {
  int n_compared = 0;
  for (const NamedTensor& expected : read_npz(golden_path("pictures.npz"))) {
    const std::string file = expected.name.substr(0, expected.name.find(' '));
    const bool is_grey = expected.name.ends_with("grey");
    const Picture picture = decode_image(bytes_of_file(golden_path("pictures/" + file)), is_grey ? 1 : 3, file);
    EXPECT_EQ(picture.height, 19);
    EXPECT_EQ(picture.width, 23);
    EXPECT_EQ(picture.values, picture_of(expected.value).values) << expected.name;
    ++n_compared;
  }
  EXPECT_EQ(n_compared, 43);
}

std::string error_of(std::span<const std::byte> bytes, int64_t n_channels = 3) {
  try {
    (void)decode_image(bytes, n_channels, "x");
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

// Cut anywhere, a picture is an error or, where only what follows its pixels is missing, itself.
TEST(Image, CutShort) {
  for (const char* name : {"rgb_420.jpg", "progressive.jpg", "cmyk.jpg", "rgba.png", "palette.png", "grey_16.png",
                           "rgb.bmp", "palette.bmp"}) {
    const auto bytes = bytes_of_file(golden_path(std::string("pictures/") + name));
    ASSERT_EQ(error_of(bytes), "no error");
    for (size_t n = 0; n + 2 < bytes.size(); ++n)
      ASSERT_NE(error_of(std::span(bytes).first(n)), "no error") << name << " cut to " << n;
  }
}

// Flipped bits give an error or other pixels, never a crash.
TEST(Image, FlippedBits) {
  for (const char* name : {"rgb_420.jpg", "progressive.jpg", "cmyk.jpg", "grey.jpg", "rgba.png", "palette_2_bits.png",
                           "rgb_16.png", "rgb.bmp", "palette.bmp", "rgba.bmp"}) {
    auto bytes = bytes_of_file(golden_path(std::string("pictures/") + name));
    for (size_t i = 0; i < bytes.size(); ++i) {
      for (const int bit : {0, 3, 7}) {
        bytes[i] ^= std::byte{1} << bit;
        for (const int64_t n_channels : {1, 3}) (void)error_of(bytes, n_channels);
        bytes[i] ^= std::byte{1} << bit;
      }
    }
    EXPECT_EQ(error_of(bytes), "no error");
  }
}

TEST(Image, OtherKindsAndSizes) {
  const auto error_of_text = [](std::string_view text) { return error_of(std::as_bytes(std::span(text))); };
  EXPECT_EQ(error_of_text(""), "x: the file is empty");
  EXPECT_EQ(error_of_text("GIF89a"), "x: expected a JPEG, PNG or BMP picture, found another format");
  EXPECT_THAT(error_of(bytes_of_file(golden_path("pictures/cmyk.jpg")), 1), HasSubstr("CMYK"));
  auto bmp = bytes_of_file(golden_path("pictures/rgb.bmp"));
  bmp[18] = bmp[19] = bmp[20] = std::byte{0xff};  // 16 million pixels wide
  bmp[22] = bmp[23] = std::byte{0xff};
  EXPECT_THAT(error_of(bmp), HasSubstr("expected at most 67108864 pixels, found 65535x16777215"));
}

}  // namespace
}  // namespace hoarfrost::data
