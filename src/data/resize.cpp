// The kernels of TensorFlow 2.15 (core/kernels/image: resize_bilinear_op, resize_nearest_neighbor_op,
// resize_bicubic_op, resize_area_op, scale_and_translate_op), in float32 as there.
#include "data/resize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace hoarfrost::data {
namespace {

// Where an output's value along one axis comes from: pixels first, first + 1, … with these weights.
struct Span {
  int64_t first = 0;
  std::vector<float> weights;
};
using Spans = std::vector<Span>;

float half_pixel(int64_t i, float scale) { return (static_cast<float>(i) + 0.5F) * scale - 0.5F; }
float scale_of(int64_t n_in, int64_t n_out) { return static_cast<float>(n_in) / static_cast<float>(n_out); }

void normalize(std::vector<float>& weights) {
  float sum = 0;
  for (const float weight : weights) sum += weight;
  if (std::abs(sum) < 1000.0F * std::numeric_limits<float>::min()) return;
  const float factor = 1.0F / sum;
  for (float& weight : weights) weight *= factor;
}

// resize_bicubic_op with half_pixel_centers: Keys' cubic (a = -0.5) from a table of 1024 steps; what lies outside has
// no weight.
Spans cubic_spans(int64_t n_in, int64_t n_out) {
  constexpr float kA = -0.5F;
  constexpr int64_t kSteps = 1024;
  const auto near = [&](int64_t step) {
    const auto x = static_cast<float>(static_cast<double>(step) / kSteps);
    return ((kA + 2) * x - (kA + 3)) * x * x + 1;
  };
  const auto far = [&](int64_t step) {
    const float x = static_cast<float>(static_cast<double>(step) / kSteps) + 1;
    return ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA;
  };
  Spans spans;
  const float scale = scale_of(n_in, n_out);
  for (int64_t i = 0; i < n_out; ++i) {
    const float at = half_pixel(i, scale);
    const auto before = static_cast<int64_t>(std::floor(at));
    const int64_t step = std::lrint((at - static_cast<float>(before)) * kSteps);
    const float weights[4] = {far(step), near(step), near(kSteps - step), far(kSteps - step)};
    Span span{std::max<int64_t>(before - 1, 0), {}};
    for (int64_t k = 0; k < 4; ++k) {
      const int64_t pixel = before - 1 + k;
      if (pixel >= 0 && pixel < n_in) span.weights.push_back(weights[k]);
    }
    normalize(span.weights);
    spans.push_back(std::move(span));
  }
  return spans;
}

// resize_area_op: the share of each input pixel that lies under the output pixel.
Spans area_spans(int64_t n_in, int64_t n_out) {
  Spans spans;
  const float scale = scale_of(n_in, n_out);
  for (int64_t i = 0; i < n_out; ++i) {
    const float begin = static_cast<float>(i) * scale;
    const float end = static_cast<float>(i + 1) * scale;
    const auto first = static_cast<int64_t>(std::floor(begin));
    const auto last = static_cast<int64_t>(std::ceil(end));
    Span span{std::min(first, n_in - 1), {}};
    for (int64_t pixel = first; pixel < last; ++pixel) {
      const auto left = static_cast<float>(pixel);
      float weight = 0;
      if (left < begin)
        weight = left + 1 > end ? scale : left + 1 - begin;
      else
        weight = left + 1 > end ? end - left : 1.0F;
      if (pixel < n_in || span.weights.empty())
        span.weights.push_back(weight / scale);
      else
        span.weights.back() += weight / scale;  // past the border the last pixel is repeated
    }
    spans.push_back(std::move(span));
  }
  return spans;
}

struct Kernel {
  float radius;
  float (*value)(float x, float radius);
};

float lanczos(float x, float radius) {
  constexpr float kPi = std::numbers::pi_v<float>;
  x = std::abs(x);
  if (x > radius) return 0;
  if (x <= 1e-3F) return 1;
  return radius * std::sin(kPi * x) * std::sin(kPi * x / radius) / (kPi * kPi * x * x);
}

float gaussian(float x, float radius) {
  const float sigma = radius / 3.0F;
  x = std::abs(x);
  return x >= radius ? 0 : std::exp(-x * x / (2.0F * sigma * sigma));
}

float mitchell(float x, float /*radius*/) {
  x = std::abs(x);
  if (x >= 2.0F) return 0;
  if (x >= 1.0F) return (((-7.0F / 18.0F) * x + 2.0F) * x - 10.0F / 3.0F) * x + 16.0F / 9.0F;
  return (((7.0F / 6.0F) * x - 2.0F) * x) * x + 8.0F / 9.0F;
}

// scale_and_translate_op without antialiasing: the kernel keeps its width whatever the scale.
Spans kernel_spans(int64_t n_in, int64_t n_out, const Kernel& kernel) {
  Spans spans;
  const float scale = static_cast<float>(n_out) / static_cast<float>(n_in);
  const float inverse = 1.0F / scale;
  for (int64_t i = 0; i < n_out; ++i) {
    const float at = (static_cast<float>(i) + 0.5F) * inverse;
    const auto bounded = [&](float pixel) { return std::clamp<int64_t>(static_cast<int64_t>(pixel), 0, n_in - 1); };
    Span span{bounded(std::ceil(at - kernel.radius - 0.5F)), {}};
    for (int64_t pixel = span.first; pixel <= bounded(std::floor(at + kernel.radius - 0.5F)); ++pixel)
      span.weights.push_back(kernel.value(static_cast<float>(pixel) + 0.5F - at, kernel.radius));
    normalize(span.weights);
    spans.push_back(std::move(span));
  }
  return spans;
}

Spans spans_of(int64_t n_in, int64_t n_out, Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kBicubic:
      return cubic_spans(n_in, n_out);
    case Interpolation::kArea:
      return area_spans(n_in, n_out);
    case Interpolation::kLanczos3:
      return kernel_spans(n_in, n_out, {3, lanczos});
    case Interpolation::kLanczos5:
      return kernel_spans(n_in, n_out, {5, lanczos});
    case Interpolation::kGaussian:
      return kernel_spans(n_in, n_out, {1.5F, gaussian});
    default:
      return kernel_spans(n_in, n_out, {2, mitchell});
  }
}

// Along y, then along x. A row is computed from the input's rows when it is needed: no picture in between.
template <typename T>
void resize_separably(const Pixels<T>& in, Pixels<float>& out, Interpolation interpolation) {
  const Spans rows = spans_of(in.height, out.height, interpolation);
  const Spans columns = spans_of(in.width, out.width, interpolation);
  const int64_t n_channels = in.channels;
  std::vector<float> row(static_cast<size_t>(in.width * n_channels));
  float* target = out.values.data();
  for (const Span& span : rows) {
    std::ranges::fill(row, 0.0F);
    for (size_t k = 0; k < span.weights.size(); ++k) {
      const T* source = in.values.data() + (span.first + static_cast<int64_t>(k)) * in.width * n_channels;
      for (size_t i = 0; i < row.size(); ++i) row[i] += span.weights[k] * static_cast<float>(source[i]);
    }
    for (const Span& column : columns) {
      const float* source = row.data() + column.first * n_channels;
      for (int64_t c = 0; c < n_channels; ++c) {
        float sum = 0;
        for (size_t k = 0; k < column.weights.size(); ++k)
          sum += column.weights[k] * source[static_cast<int64_t>(k) * n_channels + c];
        *target++ = sum;
      }
    }
  }
}

struct Neighbours {
  int64_t lower;
  int64_t upper;
  float part;  // of the way from lower to upper
};

std::vector<Neighbours> neighbours(int64_t n_in, int64_t n_out) {
  std::vector<Neighbours> result;
  const float scale = scale_of(n_in, n_out);
  for (int64_t i = 0; i < n_out; ++i) {
    const float at = half_pixel(i, scale);
    const float below = std::floor(at);
    result.push_back({std::max<int64_t>(static_cast<int64_t>(below), 0),
                      std::min<int64_t>(static_cast<int64_t>(std::ceil(at)), n_in - 1), at - below});
  }
  return result;
}

template <typename T>
void resize_bilinearly(const Pixels<T>& in, Pixels<float>& out) {
  const auto rows = neighbours(in.height, out.height);
  const auto columns = neighbours(in.width, out.width);
  const int64_t n_channels = in.channels;
  float* target = out.values.data();
  for (const Neighbours& row : rows) {
    const T* upper = in.values.data() + row.lower * in.width * n_channels;
    const T* lower = in.values.data() + row.upper * in.width * n_channels;
    for (const Neighbours& column : columns) {
      const int64_t left = column.lower * n_channels;
      const int64_t right = column.upper * n_channels;
      for (int64_t c = 0; c < n_channels; ++c) {
        const auto top_left = static_cast<float>(upper[left + c]);
        const auto bottom_left = static_cast<float>(lower[left + c]);
        const float top = top_left + (static_cast<float>(upper[right + c]) - top_left) * column.part;
        const float bottom = bottom_left + (static_cast<float>(lower[right + c]) - bottom_left) * column.part;
        *target++ = top + (bottom - top) * row.part;
      }
    }
  }
}

template <typename T>
void resize_to_nearest(const Pixels<T>& in, Pixels<float>& out) {
  const auto nearest = [](int64_t i, int64_t n_in, int64_t n_out) {
    const float at = std::floor((static_cast<float>(i) + 0.5F) * scale_of(n_in, n_out));
    return std::min(static_cast<int64_t>(at), n_in - 1);
  };
  float* target = out.values.data();
  for (int64_t y = 0; y < out.height; ++y) {
    const T* row = in.values.data() + nearest(y, in.height, out.height) * in.width * in.channels;
    for (int64_t x = 0; x < out.width; ++x) {
      const T* pixel = row + nearest(x, in.width, out.width) * in.channels;
      target = std::copy(pixel, pixel + in.channels, target);
    }
  }
}

}  // namespace

template <typename T>
Pixels<float> resize(const Pixels<T>& picture, const Extent& size, Interpolation interpolation) {
  Pixels<float> result{size[0], size[1], picture.channels, {}};
  result.values.resize(static_cast<size_t>(size[0] * size[1] * picture.channels));
  if (interpolation == Interpolation::kBilinear)
    resize_bilinearly(picture, result);
  else if (interpolation == Interpolation::kNearest)
    resize_to_nearest(picture, result);
  else
    resize_separably(picture, result, interpolation);
  return result;
}

template <typename T>
Pixels<T> crop_middle(const Pixels<T>& picture, const Extent& size) {
  if (picture.extent() == size) return picture;
  Pixels<T> result{size[0], size[1], picture.channels, {}};
  result.values.reserve(static_cast<size_t>(size[0] * size[1] * picture.channels));
  const int64_t top = (picture.height - size[0]) / 2;
  const int64_t left = (picture.width - size[1]) / 2;
  for (int64_t y = 0; y < size[0]; ++y) {
    const auto row = picture.values.begin() + ((top + y) * picture.width + left) * picture.channels;
    result.values.insert(result.values.end(), row, row + size[1] * picture.channels);
  }
  return result;
}

Extent part_of_aspect_ratio(const Extent& picture, const Extent& size) {
  const auto scaled = [](int64_t side, int64_t times, int64_t over) {
    return static_cast<int64_t>(static_cast<float>(side * times) / static_cast<float>(over));
  };
  return {std::max<int64_t>(std::min(picture[0], scaled(picture[1], size[0], size[1])), 1),
          std::max<int64_t>(std::min(picture[1], scaled(picture[0], size[1], size[0])), 1)};
}

template Pixels<float> resize(const Pixels<uint8_t>&, const Extent&, Interpolation);
template Pixels<float> resize(const Pixels<float>&, const Extent&, Interpolation);
template Pixels<uint8_t> crop_middle(const Pixels<uint8_t>&, const Extent&);
template Pixels<float> crop_middle(const Pixels<float>&, const Extent&);

}  // namespace hoarfrost::data
