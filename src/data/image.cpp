#include "data/image.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace hoarfrost::data {
namespace {

constexpr uint64_t kMostPixels = uint64_t{1} << 26U;

bool starts_with(std::span<const std::byte> bytes, std::string_view start) {
  return std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()).starts_with(start);
}

bool is_jpeg(std::span<const std::byte> bytes) { return starts_with(bytes, "\xff\xd8\xff"); }
bool is_png(std::span<const std::byte> bytes) { return starts_with(bytes, "\x89PNG\r\n\x1a\n"); }
bool is_bmp(std::span<const std::byte> bytes) { return starts_with(bytes, "BM"); }

}  // namespace

bool is_image_name(std::string_view name) {
  constexpr std::array<std::string_view, 5> kExtensions{".bmp", ".gif", ".jpeg", ".jpg", ".png"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(kExtensions, [&](std::string_view extension) { return lower.ends_with(extension); });
}

bool is_image(std::span<const std::byte> bytes) { return is_jpeg(bytes) || is_png(bytes) || is_bmp(bytes); }

Picture decode_image(std::span<const std::byte> bytes, int64_t n_channels, const std::string& where) {
  if (is_jpeg(bytes)) return decode_jpeg(bytes, n_channels, where);
  if (is_png(bytes)) return decode_png(bytes, n_channels, where);
  if (is_bmp(bytes)) return decode_bmp(bytes, n_channels, where);
  if (bytes.empty()) throw Error(ErrorCode::kCorrupt, where, "the file is empty");
  throw Error(ErrorCode::kUnsupported, where, "expected a JPEG, PNG or BMP picture, found another format");
}

Picture make_picture(uint64_t height, uint64_t width, int64_t n_channels, const std::string& where) {
  if (height == 0 || width == 0)
    throw Error(ErrorCode::kCorrupt, where, fmt::format("says that it has {}x{} pixels", height, width));
  if (height > kMostPixels || width > kMostPixels / height) {
    throw Error(ErrorCode::kUnsupported, where,
                fmt::format("expected at most {} pixels, found {}x{}; scale it down", kMostPixels, height, width));
  }
  Picture picture{static_cast<int64_t>(height), static_cast<int64_t>(width), n_channels, {}};
  picture.values.resize(height * width * static_cast<uint64_t>(n_channels));
  return picture;
}

}  // namespace hoarfrost::data
