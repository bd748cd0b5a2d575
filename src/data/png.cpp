// PNG by libpng, asked as TensorFlow 2.15 asks it (core/lib/png/png_io.cc).
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "data/image.h"

namespace hoarfrost::data {
namespace {

struct Input {
  std::span<const std::byte> rest;
  char message[128] = "the file ends too early";
};

void read_input(png_structp png, png_bytep target, png_size_t n_bytes) {
  auto* input = static_cast<Input*>(png_get_io_ptr(png));
  if (n_bytes > input->rest.size()) png_error(png, "the file ends too early");
  std::memcpy(target, input->rest.data(), n_bytes);
  input->rest = input->rest.subspan(n_bytes);
}

[[noreturn]] void fail(png_structp png, png_const_charp message) {
  auto* input = static_cast<Input*>(png_get_error_ptr(png));
  std::strncpy(input->message, message, sizeof(input->message) - 1);
  png_longjmp(png, 1);
}

void keep_quiet(png_structp /*png*/, png_const_charp /*message*/) {}

struct Decoder {
  Input input;
  png_structp png = nullptr;
  png_infop info = nullptr;
  uint32_t height = 0;
  uint32_t width = 0;
  int n_passes = 1;

  explicit Decoder(std::span<const std::byte> bytes) : input{bytes} {
    png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &input, fail, keep_quiet);
    if (png != nullptr) info = png_create_info_struct(png);
  }
  ~Decoder() { png_destroy_read_struct(&png, &info, nullptr); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  // false: input.message says why. Nothing with a destructor may be made in these: longjmp leaves them.
  bool start(int64_t n_channels) {
    if (png == nullptr || info == nullptr) return false;
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    png_set_read_fn(png, &input, read_input);
    png_read_info(png, info);
    width = png_get_image_width(png, info);
    height = png_get_image_height(png, info);
    const int type = png_get_color_type(png, info);
    const bool is_grey = (type & PNG_COLOR_MASK_COLOR) == 0;
    if ((type & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0) png_set_strip_alpha(png);
    if (png_get_bit_depth(png, info) > 8) png_set_strip_16(png);
    png_set_packing(png);
    n_passes = png_set_interlace_handling(png);
    if (type == PNG_COLOR_TYPE_PALETTE) png_set_palette_to_rgb(png);
    if (is_grey && png_get_bit_depth(png, info) < 8) png_set_expand_gray_1_2_4_to_8(png);
    constexpr double kRed = 0.299, kGreen = 0.587;  // and the rest of blue: ITU-R 601's luma
    if (n_channels == 1 && !is_grey) png_set_rgb_to_gray(png, 1, kRed, kGreen);
    if (n_channels == 3 && is_grey) png_set_gray_to_rgb(png);
    png_read_update_info(png, info);
    return true;
  }

  bool read(Picture& picture) {
    if (setjmp(png_jmpbuf(png)) != 0) return false;
    for (int pass = 0; pass < n_passes; ++pass) {
      for (int64_t y = 0; y < picture.height; ++y)
        png_read_row(png, picture.values.data() + y * picture.width * picture.channels, nullptr);
    }
    png_read_end(png, info);
    return true;
  }
};

}  // namespace

Picture decode_png(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where) {
  Decoder decoder(bytes);
  const auto expect = [&](bool is_right) {
    if (!is_right)
      throw Error(ErrorCode::kCorrupt, where, fmt::format("the PNG cannot be decoded: {}", decoder.input.message));
  };
  expect(decoder.start(n_channels));
  Picture picture = make_picture(decoder.height, decoder.width, n_channels, where);
  if (png_get_rowbytes(decoder.png, decoder.info) != static_cast<size_t>(picture.width * n_channels))
    throw Error(ErrorCode::kUnsupported, where, "a PNG of this pixel format is not supported; save it as 8-bit RGB");
  expect(decoder.read(picture));
  return picture;
}

}  // namespace hoarfrost::data
