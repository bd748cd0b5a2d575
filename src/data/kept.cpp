// Transform for examples that are kept: resized once, their values made ready each time they are asked for.
#include <algorithm>
#include <cstring>

#include "data/source.h"
#include "data/transform.h"

namespace hoarfrost::data {

Transform Transform::geometry() const {
  Transform result = *this;
  result.preprocessing_.channel_order = ChannelOrder::kRgb;
  result.divide_by_ = 1;
  result.mean_ = {0};
  result.std_ = {1};
  result.tables_.resize(1);
  for (size_t byte = 0; byte < 256; ++byte) result.tables_[0][byte] = static_cast<float>(byte);
  result.format_.dtype = DType::kFloat32;
  if (is_planes_) result.format_.shape = {height_, width_, n_channels_};
  result.is_planes_ = false;
  return result;
}

Tensor Transform::keep(const Tensor& raw, int64_t n) const {
  if (is_resized_) return geometry().batch(raw, n);
  if (raw.dtype() == DType::kUInt8) return raw;
  const bool is_as_it_is =
      is_identity() && !is_float(format_.dtype);  // numbers of words, say, that float32 cannot hold
  return raw.cast(is_as_it_is ? format_.dtype : DType::kFloat32).aligned();
}

void Transform::write(const float* values, std::byte* target) const {
  const auto n = static_cast<size_t>(format_.shape.n_elements());
  const std::span<const std::byte> bytes = std::as_bytes(std::span(values, n));
  const Tensor result = Tensor(DType::kFloat32, format_.shape, bytes, nullptr).cast(format_.dtype);
  std::memcpy(target, result.bytes().data(), result.n_bytes());
}

void Transform::finish(const Tensor& kept, int64_t row, std::byte* target) const {
  const auto n = static_cast<size_t>(format_.shape.n_elements());
  const size_t n_bytes = n * dtype_size(kept.dtype());
  const std::byte* from = kept.bytes().data() + static_cast<size_t>(row) * n_bytes;
  if (kept.dtype() == format_.dtype && is_identity()) {
    std::memcpy(target, from, n_bytes);
    return;
  }
  const auto converted = [&](float* to) {
    if (kept.dtype() == DType::kUInt8)
      convert(reinterpret_cast<const uint8_t*>(from), keeps_planes(), to);
    else
      convert(reinterpret_cast<const float*>(from), keeps_planes(), to);
  };
  if (format_.dtype == DType::kFloat32) return converted(reinterpret_cast<float*>(target));
  std::vector<float> values(n);
  converted(values.data());
  write(values.data(), target);
}

void Transform::pixels(const Tensor& kept, int64_t row, float* target) const {
  const int64_t n_pixels = height_ * width_;
  const int64_t pixel_step = keeps_planes() ? 1 : n_channels_;
  const int64_t channel_step = keeps_planes() ? n_pixels : 1;
  const auto move = [&](const auto* from) {
    from += row * n_pixels * n_channels_;
    for (int64_t p = 0; p < n_pixels; ++p) {
      for (int64_t c = 0; c < n_channels_; ++c) *target++ = static_cast<float>(from[p * pixel_step + c * channel_step]);
    }
  };
  if (kept.dtype() == DType::kUInt8)
    move(kept.values<uint8_t>().data());
  else
    move(kept.values<float>().data());
}

void Transform::finish(const float* pixels, std::byte* target) const {
  if (format_.dtype == DType::kFloat32) return convert(pixels, false, reinterpret_cast<float*>(target));
  std::vector<float> values(static_cast<size_t>(format_.shape.n_elements()));
  convert(pixels, false, values.data());
  write(values.data(), target);
}

}  // namespace hoarfrost::data
