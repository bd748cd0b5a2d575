#include "evaluation/page/png.h"

#include <hoarfrost/error.h>
#include <zlib.h>

#include <algorithm>
#include <vector>

namespace hoarfrost::evaluation::page {
namespace {

void put_big_endian(std::string& out, uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

void put_chunk(std::string& out, const std::string& type, const std::string& data) {
  put_big_endian(out, static_cast<uint32_t>(data.size()));
  const std::string body = type + data;
  out += body;
  put_big_endian(out, static_cast<uint32_t>(
                          ::crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

std::string compressed(const std::string& bytes) {
  uLongf size = ::compressBound(bytes.size());
  std::string result(size, '\0');
  const int status = ::compress2(reinterpret_cast<Bytef*>(result.data()), &size,
                                 reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(), 9);
  if (status != Z_OK) throw Error(ErrorCode::kIo, "", "a picture of the report cannot be compressed");
  result.resize(size);
  return result;
}

}  // namespace

std::string png(const Tensor& picture) {
  const int64_t height = picture.shape()[0], width = picture.shape()[1], channels = picture.shape()[2];
  const auto pixels = picture.values<uint8_t>();
  const auto n_row_bytes = static_cast<size_t>(width * channels);
  const auto step = static_cast<size_t>(channels);
  std::string lines;  // each as what is added to the pixel at its left (filter 1)
  for (size_t y = 0; y < static_cast<size_t>(height); ++y) {
    lines += '\1';
    const auto row = pixels.subspan(y * n_row_bytes, n_row_bytes);
    for (size_t x = 0; x < n_row_bytes; ++x) lines += static_cast<char>(row[x] - (x < step ? 0 : row[x - step]));
  }
  std::string header;
  put_big_endian(header, static_cast<uint32_t>(width));
  put_big_endian(header, static_cast<uint32_t>(height));
  header += {8, static_cast<char>(channels == 3 ? 2 : 0), 0, 0, 0};  // bits, RGB or grey
  std::string out = "\x89PNG\r\n\x1A\n";
  put_chunk(out, "IHDR", header);
  put_chunk(out, "IDAT", compressed(lines));
  put_chunk(out, "IEND", "");
  return out;
}

Tensor reduced(const Tensor& picture, int64_t limit) {
  const int64_t height = picture.shape()[0], width = picture.shape()[1], channels = picture.shape()[2];
  const int64_t block = (std::max(height, width) + limit - 1) / limit;
  if (block <= 1) return picture;
  Tensor result(DType::kUInt8, {(height + block - 1) / block, (width + block - 1) / block, channels});
  const auto source = picture.values<uint8_t>();
  const auto target = result.mutable_values<uint8_t>();
  size_t place = 0;
  for (int64_t top = 0; top < height; top += block) {
    for (int64_t left = 0; left < width; left += block) {
      for (int64_t channel = 0; channel < channels; ++channel) {
        int64_t sum = 0, n = 0;
        for (int64_t y = top; y < std::min(top + block, height); ++y) {
          for (int64_t x = left; x < std::min(left + block, width); ++x, ++n)
            sum += source[static_cast<size_t>((y * width + x) * channels + channel)];
        }
        target[place++] = static_cast<uint8_t>((sum + n / 2) / n);
      }
    }
  }
  return result;
}

}  // namespace hoarfrost::evaluation::page
