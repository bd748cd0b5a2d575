// JPEG by libjpeg-turbo, set as TensorFlow 2.15 sets it (core/lib/jpeg/jpeg_mem.cc, decode_image's defaults): the fast
// integer DCT and fancy upsampling, with which the pixels are the same to the last bit. Scaled decoding (an eighth of
// the DCT) would give others.
#include <hoarfrost/error.h>

#include <csetjmp>
#include <cstdio>
#include <cstring>

#include "data/image.h"

// In this order, and after <cstdio>: libjpeg's headers do not include what they need.
// clang-format off
#include <jpeglib.h>
#include <jerror.h>
// clang-format on

namespace hoarfrost::data {
namespace {

constexpr long kMostScans = 500;  // of a progressive picture: each takes a pass over all of it

// libjpeg reports errors through a function that must not return.
struct Failure {
  jpeg_error_mgr manager;
  std::jmp_buf back;
  char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void fail(j_common_ptr info) {
  auto* failure = reinterpret_cast<Failure*>(info->err);
  info->err->format_message(info, failure->message);
  std::longjmp(failure->back, 1);
}

void end_scan_bombs(j_common_ptr info) {
  if (info->is_decompressor == 0) return;
  const auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number > kMostScans) {
    std::strcpy(reinterpret_cast<Failure*>(info->err)->message, "too many scans");
    std::longjmp(reinterpret_cast<Failure*>(info->err)->back, 1);
  }
}

void keep_quiet(j_common_ptr /*info*/, int /*level*/) {}

// As TensorFlow has it by default: a picture that is cut short is no picture.
boolean refuse_to_fill(j_decompress_ptr info) {
  ERREXIT(info, JERR_INPUT_EOF);
  return FALSE;
}

void skip_input(j_decompress_ptr info, long n_bytes) {
  if (n_bytes <= 0) return;
  if (static_cast<size_t>(n_bytes) > info->src->bytes_in_buffer) ERREXIT(info, JERR_INPUT_EOF);
  info->src->next_input_byte += n_bytes;
  info->src->bytes_in_buffer -= static_cast<size_t>(n_bytes);
}

struct Decoder {
  jpeg_decompress_struct info{};
  jpeg_source_mgr source{};
  jpeg_progress_mgr progress{};
  Failure failure{};
  ~Decoder() { jpeg_destroy_decompress(&info); }

  // false: failure.message says why. Nothing with a destructor may be made in here: longjmp leaves it.
  bool start(std::span<const std::byte> bytes, int64_t n_channels) {
    info.err = jpeg_std_error(&failure.manager);
    failure.manager.error_exit = fail;
    failure.manager.emit_message = keep_quiet;
    if (setjmp(failure.back) != 0) return false;
    jpeg_create_decompress(&info);
    progress.progress_monitor = end_scan_bombs;
    info.progress = &progress;
    source.next_input_byte = reinterpret_cast<const JOCTET*>(bytes.data());
    source.bytes_in_buffer = bytes.size();
    source.init_source = [](j_decompress_ptr) {};
    source.fill_input_buffer = refuse_to_fill;
    source.skip_input_data = skip_input;
    source.resync_to_restart = jpeg_resync_to_restart;
    source.term_source = [](j_decompress_ptr) {};
    info.src = &source;
    jpeg_read_header(&info, TRUE);
    info.dct_method = JDCT_IFAST;
    info.do_fancy_upsampling = TRUE;
    if (info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK)
      info.out_color_space = JCS_CMYK;
    else
      info.out_color_space = n_channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    return true;
  }

  bool begin() {
    if (setjmp(failure.back) != 0) return false;
    return jpeg_start_decompress(&info) != 0;
  }

  bool read_row(uint8_t* row) {
    if (setjmp(failure.back) != 0) return false;
    return jpeg_read_scanlines(&info, &row, 1) == 1;
  }
};

// jpeg_mem.cc: without Adobe's marker the inks are as they are, with it they are inverted.
void cmyk_to_rgb(const uint8_t* cmyk, uint8_t* rgb, int64_t width, bool is_inverted) {
  for (int64_t x = 0; x < width; ++x, cmyk += 4, rgb += 3) {
    for (int c = 0; c < 3; ++c) {
      const int value = is_inverted ? cmyk[3] * cmyk[c] / 255 : (255 - cmyk[3]) * (255 - cmyk[c]) / 255;
      rgb[c] = static_cast<uint8_t>(value);
    }
  }
}

}  // namespace

Picture decode_jpeg(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where) {
  Decoder decoder;
  const auto expect = [&](bool is_right) {
    if (!is_right)
      throw Error(ErrorCode::kCorrupt, where, std::string("the JPEG cannot be decoded: ") + decoder.failure.message);
  };
  expect(decoder.start(bytes, n_channels));
  const bool is_cmyk = decoder.info.out_color_space == JCS_CMYK;
  if (is_cmyk && n_channels == 1)
    throw Error(ErrorCode::kUnsupported, where, "a CMYK picture cannot become grey; convert it to RGB");
  Picture picture = make_picture(decoder.info.image_height, decoder.info.image_width, n_channels, where);
  expect(decoder.begin());
  std::vector<uint8_t> inks(is_cmyk ? static_cast<size_t>(picture.width) * 4 : 0);
  for (int64_t y = 0; y < picture.height; ++y) {
    uint8_t* row = picture.values.data() + y * picture.width * n_channels;
    expect(decoder.read_row(is_cmyk ? inks.data() : row));
    if (is_cmyk) cmyk_to_rgb(inks.data(), row, picture.width, decoder.info.saw_Adobe_marker != 0);
  }
  return picture;
}

}  // namespace hoarfrost::data
