#include "data/transform.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>
#include <cmath>

#include "data/source.h"

namespace hoarfrost::data {
namespace {

constexpr Extent kKerasImageSize{256, 256};  // image_dataset_from_directory's default

std::vector<int64_t> sizes_without_ones(const Shape& shape) {
  std::vector<int64_t> sizes;
  std::ranges::copy_if(shape.sizes(), std::back_inserter(sizes), [](int64_t size) { return size != 1; });
  return sizes;
}

bool meets(const Shape& own, const Shape& wanted) {
  return !wanted.has_rank() ||
         std::ranges::equal(own.sizes(), wanted.sizes(), [](int64_t a, int64_t b) { return b == kUnknown || a == b; });
}

bool is_channel_count(int64_t n) { return n == 1 || n == 3; }

// Methods that leave a picture of the right size as it is.
bool keeps_pixels(Interpolation interpolation) {
  return interpolation == Interpolation::kNearest || interpolation == Interpolation::kBilinear ||
         interpolation == Interpolation::kBicubic || interpolation == Interpolation::kArea;
}

Shape batch_shape(int64_t n, const Shape& example) {
  Shape shape{n};
  for (const int64_t size : example.sizes()) shape.push_back(size);
  return shape;
}

}  // namespace

Transform::Transform(const Preprocessing& preprocessing, const RawFormat& raw, const ExampleFormat& wanted,
                     std::string where)
    : preprocessing_(preprocessing), raw_(raw), format_(wanted), where_(std::move(where)) {
  choose_shape(raw, wanted.shape);
  choose_values(preprocessing, raw.is_bytes);
}

Transform::Transform(const Preprocessing& preprocessing, const ExampleFormat& wanted, std::string where)
    : preprocessing_(preprocessing), format_(wanted), where_(std::move(where)) {
  raw_.is_bytes = true;
  const Shape& shape = wanted.shape;
  if (shape.has_rank() && shape.rank() != 3 && !(shape.rank() == 2 && shape.is_static())) {
    throw Error(
        ErrorCode::kMismatch, where_,
        fmt::format("its examples are pictures [height, width, channels], the model takes {}", shape.to_string()));
  }
  const bool is_flat_grey = shape.has_rank() && shape.rank() == 2;  // [28, 28]
  const bool is_planes = !is_flat_grey && shape.has_rank() && is_channel_count(shape[0]) &&
                         !is_channel_count(shape[2]) && shape[2] != kUnknown;
  const int64_t n_channels = is_flat_grey ? 1 : !shape.has_rank() ? 3 : is_planes ? shape[0] : shape[2];
  if (n_channels != kUnknown && !is_channel_count(n_channels)) {
    throw Error(ErrorCode::kMismatch, where_,
                fmt::format("pictures have 1 or 3 channels, the model takes {}", shape.to_string()));
  }
  const int first = is_planes ? 1 : 0;
  Extent open{kUnknown, kUnknown};
  if (shape.has_rank()) open = {shape[first], shape[first + 1]};
  if (!preprocessing_.resize) {
    preprocessing_.resize = preprocessing_.crop && open[0] == kUnknown ? Extent{} : open;
    for (size_t i = 0; i < 2; ++i) {
      int64_t& side = (*preprocessing_.resize)[i];
      if (side <= 0) side = std::max(kKerasImageSize[i], preprocessing_.crop ? (*preprocessing_.crop)[i] : 0);
    }
  }
  is_resized_ = true;
  const Extent extent = extent_after(*preprocessing_.resize);
  if (is_flat_grey && extent == open) {
    height_ = extent[0], width_ = extent[1], n_channels_ = 1;
  } else if (!take_picture_shape(extent, n_channels == kUnknown ? 3 : n_channels, shape, true)) {
    throw Error(ErrorCode::kMismatch, where_,
                fmt::format("its pictures become {}x{}, the model takes {}; leave --resize out, or add --crop {}x{}",
                            extent[0], extent[1], shape.to_string(), open[0], open[1]));
  }
  choose_values(preprocessing, true);
}

Extent Transform::extent_after(const Extent& extent) const {
  const Extent resized = preprocessing_.resize.value_or(extent);
  const Extent result = preprocessing_.crop.value_or(resized);
  if (result[0] > resized[0] || result[1] > resized[1]) {
    throw Error(
        ErrorCode::kInvalidArgument, where_,
        fmt::format("pictures of {}x{} cannot be cropped to {}x{}", resized[0], resized[1], result[0], result[1]));
  }
  return result;
}

bool Transform::take_picture_shape(const Extent& extent, int64_t n_channels, const Shape& wanted, bool may_be_planes) {
  const Shape last{extent[0], extent[1], n_channels};
  const Shape first{n_channels, extent[0], extent[1]};
  is_planes_ = may_be_planes && !meets(last, wanted) && meets(first, wanted);
  if (!is_planes_ && !meets(last, wanted)) return false;
  format_.shape = is_planes_ ? first : last;
  height_ = extent[0], width_ = extent[1], n_channels_ = n_channels;
  return true;
}

void Transform::choose_shape(const RawFormat& raw, const Shape& wanted) {
  const bool is_picture = raw.shape.rank() == 3 || (raw.shape.rank() == 2 && wanted.has_rank() && wanted.rank() == 3);
  const bool must_change = preprocessing_.resize || preprocessing_.crop;
  Shape own = raw.shape;
  if (is_picture) {
    const int at = raw.is_planes ? 1 : 0;
    const int64_t n_channels = raw.shape.rank() == 2 ? 1 : raw.is_planes ? raw.shape[0] : raw.shape[2];
    const Extent before{raw.shape[at], raw.shape[at + 1]};
    const Extent extent = extent_after(before);
    is_resized_ = extent != before || must_change;
    if (take_picture_shape(extent, n_channels, wanted, raw.is_planes || is_resized_)) return;
    own = {extent[0], extent[1], n_channels};
  } else if (must_change) {
    throw Error(ErrorCode::kInvalidArgument, where_,
                fmt::format("only pictures [height, width, channels] can be resized or cropped, its examples are {}",
                            raw.shape.to_string()));
  }
  const bool is_same_but_ones =
      wanted.has_rank() && wanted.is_static() && sizes_without_ones(own) == sizes_without_ones(wanted);
  if (!raw.is_planes && !is_resized_ && (meets(own, wanted) || is_same_but_ones || own.rank() == 1)) {
    format_.shape = meets(own, wanted) ? own : shape_of_values(wanted, own.n_elements(), where_);
    if (format_.shape.rank() > 0) n_channels_ = format_.shape.last();
    const bool looks_like_picture = format_.shape.rank() == 3 && is_channel_count(n_channels_);
    if (looks_like_picture) height_ = format_.shape[0], width_ = format_.shape[1];
    return;
  }
  const bool would_fit = is_picture && wanted.is_static() && wanted.rank() == 3 && wanted.last() == own.last();
  throw Error(ErrorCode::kMismatch, where_,
              fmt::format("its examples are {}, the model takes {}{}", own.to_string(), wanted.to_string(),
                          would_fit ? fmt::format("; --resize {}x{} would fit", wanted[0], wanted[1]) : ""));
}

void Transform::choose_values(const Preprocessing& preprocessing, bool is_bytes) {
  const bool has_statistics = !preprocessing.mean.empty() || !preprocessing.std.empty();
  const bool is_scaled = has_statistics || (is_bytes && is_float(format_.dtype));
  divide_by_ = static_cast<float>(preprocessing.divide_by.value_or(is_scaled ? 255.0 : 1.0));
  const auto n = static_cast<size_t>(n_channels_);
  const auto per_channel = [&](const std::vector<double>& given, double otherwise, std::string_view what) {
    if (given.size() > 1 && given.size() != n) {
      throw Error(ErrorCode::kInvalidArgument, where_,
                  fmt::format("expected one {} or one per channel ({}), found {}", what, n, given.size()));
    }
    if (given.empty()) return std::vector<float>{static_cast<float>(otherwise)};
    std::vector<float> result;
    for (const double number : given) result.push_back(static_cast<float>(number));
    return result;
  };
  mean_ = per_channel(preprocessing.mean, 0, "mean");
  std_ = per_channel(preprocessing.std, 1, "standard deviation");
  if (preprocessing.channel_order == ChannelOrder::kBgr && n_channels_ != 3) {
    throw Error(ErrorCode::kInvalidArgument, where_,
                fmt::format("the channel order BGR needs pictures of 3 channels, found {}", n_channels_));
  }
  // One table serves all channels that are treated alike.
  const bool is_uniform = mean_.size() == 1 && std_.size() == 1;
  tables_.resize(is_uniform ? 1 : n);
  for (size_t c = 0; c < tables_.size(); ++c) {
    for (size_t byte = 0; byte < 256; ++byte) tables_[c][byte] = value(static_cast<float>(byte), c);
  }
}

// Each step rounded to float32, as Keras' preprocess_input does it.
float Transform::value(float raw, size_t channel) const {
  float result = raw / divide_by_;
  result -= mean_[mean_.size() == 1 ? 0 : channel];
  return result / std_[std_.size() == 1 ? 0 : channel];
}

bool Transform::is_identity() const {
  const auto all = [](const std::vector<float>& values, float wanted) {
    return std::ranges::all_of(values, [&](float value) { return value == wanted; });
  };
  return divide_by_ == 1 && all(mean_, 0) && all(std_, 1) && preprocessing_.channel_order == ChannelOrder::kRgb &&
         !is_resized_ && is_planes_ == raw_.is_planes;
}

template <typename T>
void Transform::convert(const T* source, bool from_planes, float* target) const {
  const bool is_uniform = tables_.size() == 1;
  const bool is_bgr = preprocessing_.channel_order == ChannelOrder::kBgr;
  const int64_t n_elements = format_.shape.n_elements();
  if (is_uniform && !is_bgr && from_planes == is_planes_) {
    const float mean = mean_[0], deviation = std_[0];
    for (int64_t i = 0; i < n_elements; ++i) {
      if constexpr (std::is_same_v<T, uint8_t>)
        target[i] = tables_[0][source[i]];
      else
        target[i] = (static_cast<float>(source[i]) / divide_by_ - mean) / deviation;
    }
    return;
  }
  const int64_t n_pixels = n_elements / n_channels_;
  const auto move = [&](int64_t pixel_step, int64_t channel_step, int64_t from_pixel_step, int64_t from_channel_step) {
    for (int64_t c = 0; c < n_channels_; ++c) {
      const auto channel = static_cast<size_t>(c);
      const auto& table = tables_[is_uniform ? 0 : channel];
      const T* from = source + (is_bgr ? n_channels_ - 1 - c : c) * from_channel_step;
      float* to = target + c * channel_step;
      for (int64_t p = 0; p < n_pixels; ++p) {
        if constexpr (std::is_same_v<T, uint8_t>)
          to[p * pixel_step] = table[from[p * from_pixel_step]];
        else
          to[p * pixel_step] = value(static_cast<float>(from[p * from_pixel_step]), channel);
      }
    }
  };
  move(is_planes_ ? 1 : n_channels_, is_planes_ ? n_pixels : 1, from_planes ? 1 : n_channels_,
       from_planes ? n_pixels : 1);
}

template <typename T>
void Transform::resized(const Pixels<T>& picture, float* target) const {
  const Extent size = preprocessing_.resize.value_or(picture.extent());
  const Extent part =
      preprocessing_.crop_to_aspect_ratio ? part_of_aspect_ratio(picture.extent(), size) : picture.extent();
  if (part != picture.extent()) {
    resized_part(crop_middle(picture, part), size, target);
  } else {
    resized_part(picture, size, target);
  }
}

template <typename T>
void Transform::resized_part(const Pixels<T>& part, const Extent& size, float* target) const {
  const auto finish = [&](const auto& pixels) {
    if (pixels.extent() == extent())
      convert(pixels.values.data(), false, target);
    else
      convert(crop_middle(pixels, extent()).values.data(), false, target);
  };
  if (part.extent() == size && keeps_pixels(preprocessing_.interpolation))
    finish(part);
  else
    finish(resize(part, size, preprocessing_.interpolation));
}

void Transform::picture(const Picture& picture, float* target) const { resized(picture, target); }

Tensor Transform::batch(const Tensor& raw, int64_t n) const {
  const Shape shape = batch_shape(n, format_.shape);
  if (is_identity()) return raw.cast(format_.dtype).reshaped(shape);
  Tensor x(DType::kFloat32, shape);
  const bool is_byte_typed = raw.dtype() == DType::kUInt8;
  const Tensor source = is_byte_typed ? raw : raw.cast(DType::kFloat32).aligned();
  const int64_t n_in = raw_.shape.n_elements();
  const int64_t n_out = format_.shape.n_elements();
  const auto all = [&]<typename T>(const T* from) {
    float* to = x.mutable_values<float>().data();
    for (int64_t i = 0; i < n; ++i, from += n_in, to += n_out) {
      if (!is_resized_) {
        convert(from, raw_.is_planes, to);
        continue;
      }
      const int at = raw_.is_planes ? 1 : 0;
      Pixels<T> picture{raw_.shape[at], raw_.shape[at + 1], n_channels_, {}};
      picture.values.resize(static_cast<size_t>(n_in));
      const int64_t n_pixels = n_in / n_channels_;
      for (int64_t k = 0; k < n_in; ++k)
        picture.values[static_cast<size_t>(k)] =
            from[raw_.is_planes ? k % n_channels_ * n_pixels + k / n_channels_ : k];
      resized(picture, to);
    }
  };
  if (is_byte_typed)
    all(source.values<uint8_t>().data());
  else
    all(source.values<float>().data());
  return x.cast(format_.dtype);
}

template void Transform::convert(const uint8_t*, bool, float*) const;
template void Transform::convert(const float*, bool, float*) const;

Tensor Transform::undo(const Tensor& x) const {
  if (height_ == 0 || !is_channel_count(n_channels_) || x.n_elements() != height_ * width_ * n_channels_) return {};
  Tensor result(DType::kUInt8, {height_, width_, n_channels_});
  const Reader values(x);
  const auto pixels = result.mutable_values<uint8_t>();
  // Floats that were taken as they are can only be fractions of 1 when they are pictures.
  const bool is_as_it_was = !raw_.is_bytes && divide_by_ == 1 && is_float(x.dtype());
  const double scale = is_as_it_was ? 255 : divide_by_;
  const int64_t n_pixels = height_ * width_;
  for (int64_t p = 0; p < n_pixels; ++p) {
    for (int64_t c = 0; c < n_channels_; ++c) {
      const auto channel = static_cast<size_t>(c);
      const double raw =
          (values[is_planes_ ? c * n_pixels + p : p * n_channels_ + c] * std_[std_.size() == 1 ? 0 : channel] +
           mean_[mean_.size() == 1 ? 0 : channel]) *
          scale;
      const int64_t to = preprocessing_.channel_order == ChannelOrder::kBgr ? n_channels_ - 1 - c : c;
      pixels[static_cast<size_t>(p * n_channels_ + to)] = static_cast<uint8_t>(std::clamp(std::round(raw), 0.0, 255.0));
    }
  }
  return result;
}

}  // namespace hoarfrost::data
