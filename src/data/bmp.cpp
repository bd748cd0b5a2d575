// BMP without compression (Microsoft's BITMAPINFOHEADER and its successors): 1, 4 and 8 bits with a palette, 24 and 32
// bits; rows from the bottom up, or from the top down where the height is negative.
//
//   file header   "BM" | u32 size | u32 reserved | u32 offset of the pixels
//   info header   u32 own size | i32 width | i32 height | u16 planes | u16 bits | u32 compression | … | u32 colours (at
//   46)
#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <cstring>

#include "data/image.h"

namespace hoarfrost::data {
namespace {

constexpr uint64_t kFileHeader = 14;
constexpr uint64_t kInfoHeader = 40;
constexpr uint32_t kUncompressed = 0;
constexpr uint32_t kBitFields = 3;  // with the usual masks it is the same as uncompressed

struct Header {
  uint64_t pixels = 0;
  uint64_t palette = 0;
  uint64_t n_colours = 0;
  int64_t width = 0;
  int64_t height = 0;
  unsigned bits = 0;
  bool is_top_down = false;
};

template <typename T>
T number_at(std::span<const std::byte> bytes, uint64_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// 32-bit pixels by masks: only blue, green, red, alpha in this order.
bool has_usual_masks(std::span<const std::byte> bytes) {
  return bytes.size() >= 66 && number_at<uint32_t>(bytes, 54) == 0xff0000 && number_at<uint32_t>(bytes, 58) == 0xff00 &&
         number_at<uint32_t>(bytes, 62) == 0xff;
}

Header read_header(std::span<const std::byte> bytes, const std::string& where) {
  if (bytes.size() < kFileHeader + kInfoHeader)
    throw Error(ErrorCode::kCorrupt, where, "the BMP cannot be decoded: the file ends too early");
  const auto n_header = number_at<uint32_t>(bytes, 14);
  const auto height = static_cast<int64_t>(number_at<int32_t>(bytes, 22));
  Header header;
  header.pixels = number_at<uint32_t>(bytes, 10);
  header.palette = kFileHeader + n_header;
  header.width = number_at<int32_t>(bytes, 18);
  header.height = height < 0 ? -height : height;
  header.is_top_down = height < 0;
  header.bits = number_at<uint16_t>(bytes, 28);
  const auto compression = number_at<uint32_t>(bytes, 30);
  const bool is_known =
      header.bits == 1 || header.bits == 4 || header.bits == 8 || header.bits == 24 || header.bits == 32;
  const bool is_plain =
      compression == kUncompressed || (compression == kBitFields && header.bits == 32 && has_usual_masks(bytes));
  if (n_header < kInfoHeader || !is_known || !is_plain) {
    throw Error(ErrorCode::kUnsupported, where,
                fmt::format("expected an uncompressed BMP of 8, 24 or 32 bits, found {} bits, compression {}",
                            header.bits, compression));
  }
  const auto n_colours = number_at<uint32_t>(bytes, 46);
  if (header.bits <= 8) header.n_colours = n_colours == 0 ? 1U << header.bits : n_colours;
  if (header.width <= 0 || header.height <= 0)
    throw Error(ErrorCode::kCorrupt, where, "the BMP cannot be decoded: its sizes make no sense");
  return header;
}

// The luma of ITU-R 601-2, as PIL rounds it; TensorFlow refuses to make such a BMP grey.
uint8_t grey_of(int red, int green, int blue) {
  return static_cast<uint8_t>((red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16U);
}

void put(uint8_t* target, int64_t n_channels, const std::byte* bgr) {
  const auto blue = static_cast<uint8_t>(bgr[0]), green = static_cast<uint8_t>(bgr[1]),
             red = static_cast<uint8_t>(bgr[2]);
  if (n_channels == 1) {
    *target = red == green && green == blue ? red : grey_of(red, green, blue);
    return;
  }
  target[0] = red, target[1] = green, target[2] = blue;
}

}  // namespace

Picture decode_bmp(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where) {
  const Header header = read_header(bytes, where);
  Picture picture =
      make_picture(static_cast<uint64_t>(header.height), static_cast<uint64_t>(header.width), n_channels, where);
  const uint64_t n_row_bytes = (static_cast<uint64_t>(header.width) * header.bits + 31) / 32 * 4;
  const uint64_t n_bytes = n_row_bytes * static_cast<uint64_t>(header.height);
  if (header.pixels > bytes.size() || n_bytes > bytes.size() - header.pixels ||
      header.palette + header.n_colours * 4 > bytes.size()) {
    throw Error(ErrorCode::kCorrupt, where, "the BMP cannot be decoded: the file ends too early");
  }
  for (int64_t y = 0; y < header.height; ++y) {
    const int64_t from = header.is_top_down ? y : header.height - 1 - y;
    const std::byte* row = bytes.data() + header.pixels + static_cast<uint64_t>(from) * n_row_bytes;
    uint8_t* target = picture.values.data() + y * header.width * n_channels;
    for (int64_t x = 0; x < header.width; ++x, target += n_channels) {
      if (header.bits >= 24) {
        put(target, n_channels, row + x * (header.bits / 8));
        continue;
      }
      const auto bit = static_cast<uint64_t>(x) * header.bits;
      const unsigned index =
          (static_cast<unsigned>(row[bit / 8]) >> (8 - header.bits - bit % 8)) & ((1U << header.bits) - 1);
      if (index >= header.n_colours)
        throw Error(ErrorCode::kCorrupt, where,
                    fmt::format("the BMP cannot be decoded: colour {} of {}", index, header.n_colours));
      put(target, n_channels, bytes.data() + header.palette + index * 4);
    }
  }
  return picture;
}

}  // namespace hoarfrost::data
