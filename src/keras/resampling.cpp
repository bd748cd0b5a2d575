#include "keras/resampling.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace hoarfrost::keras {
namespace {

constexpr std::array<std::pair<std::string_view, Interpolation>, 8> kNames{
    {{"bilinear", Interpolation::kBilinear},
     {"nearest", Interpolation::kNearest},
     {"bicubic", Interpolation::kBicubic},
     {"area", Interpolation::kArea},
     {"lanczos3", Interpolation::kLanczos3},
     {"lanczos5", Interpolation::kLanczos5},
     {"gaussian", Interpolation::kGaussian},
     {"mitchellcubic", Interpolation::kMitchellCubic}}};

// Gives the element at `position` a part, whatever was sampled before it.
void add(Samples& samples, int64_t position, double weight) {
  if (samples.weights.empty()) samples.first = position;
  const auto at = static_cast<size_t>(position - samples.first);
  if (at >= samples.weights.size()) samples.weights.resize(at + 1, 0);
  samples.weights[at] += weight;
}

void scale_to_one(Samples& samples) {
  double sum = 0;
  for (const double weight : samples.weights) sum += weight;
  if (std::abs(sum) < 1e-30) return;
  for (double& weight : samples.weights) weight /= sum;
}

Samples bilinear(float at, int64_t in) {
  const float below = std::floor(at);
  const double part = static_cast<double>(at - below);
  Samples samples;
  add(samples, std::clamp<int64_t>(static_cast<int64_t>(below), 0, in - 1), 1 - part);
  add(samples, std::clamp<int64_t>(static_cast<int64_t>(std::ceil(at)), 0, in - 1), part);
  return samples;
}

// Keys' cubic of a table of 1024 steps; a = -0.5. `distance` in [0, 2].
double keys_from_table(int64_t steps, bool is_far) {
  constexpr double kA = -0.5;
  const double x = static_cast<double>(steps) / 1024 + (is_far ? 1 : 0);
  return is_far ? ((kA * x - 5 * kA) * x + 8 * kA) * x - 4 * kA : ((kA + 2) * x - (kA + 3)) * x * x + 1;
}

Samples bicubic(float at, int64_t in) {
  const auto nearest_below = static_cast<int64_t>(std::floor(at));
  const auto step = static_cast<int64_t>(std::lrint((at - std::floor(at)) * 1024));
  const std::array<double, 4> weights{keys_from_table(step, true), keys_from_table(step, false),
                                      keys_from_table(1024 - step, false), keys_from_table(1024 - step, true)};
  Samples samples;
  for (int64_t i = 0; i < 4; ++i) {
    const int64_t position = nearest_below - 1 + i;
    if (position >= 0 && position < in) add(samples, position, weights[static_cast<size_t>(i)]);
  }
  scale_to_one(samples);
  return samples;
}

// The mean of what the output element covers, parts of elements by their part.
Samples area(int64_t i, float scale, int64_t in) {
  const float from = static_cast<float>(i) * scale;
  const float to = static_cast<float>(i + 1) * scale;
  Samples samples;
  for (auto position = static_cast<int64_t>(std::floor(from)); position < static_cast<int64_t>(std::ceil(to));
       ++position) {
    const auto start = static_cast<float>(position);
    const float covered = std::min(start + 1, to) - std::max(start, from);
    add(samples, std::min(position, in - 1), static_cast<double>(covered / scale));
  }
  return samples;
}

double lanczos(double x, double radius) {
  if (x > radius) return 0;
  if (x <= 1e-3) return 1;
  const double pi_x = std::numbers::pi * x;
  return radius * std::sin(pi_x) * std::sin(pi_x / radius) / (pi_x * pi_x);
}

double keys(double x) {
  if (x >= 2) return 0;
  return x >= 1 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : (1.5 * x - 2.5) * x * x + 1;
}

double mitchell(double x) {
  if (x >= 2) return 0;
  return x >= 1 ? (((-7 * x + 36) * x - 60) * x + 32) / 18 : ((7.0 / 6 * x - 2) * x) * x + 8.0 / 9;
}

// sampling_kernels.h: the kernel's half width, and its value at a distance.
double radius_of(Interpolation interpolation) {
  switch (interpolation) {
    case Interpolation::kLanczos3:
      return 3;
    case Interpolation::kLanczos5:
      return 5;
    case Interpolation::kGaussian:
      return 1.5;
    case Interpolation::kBilinear:
      return 1;
    default:
      return 2;
  }
}

double kernel(Interpolation interpolation, double x) {
  switch (interpolation) {
    case Interpolation::kLanczos3:
      return lanczos(x, 3);
    case Interpolation::kLanczos5:
      return lanczos(x, 5);
    case Interpolation::kGaussian:
      return x >= 1.5 ? 0 : std::exp(-x * x / (2 * 0.5 * 0.5));  // sigma = radius / 3
    case Interpolation::kBilinear:
      return x >= 1 ? 0 : 1 - x;
    case Interpolation::kMitchellCubic:
      return mitchell(x);
    default:
      return keys(x);
  }
}

// scale_and_translate_op.cc's ComputeSpansCore.
Samples spanned(Interpolation interpolation, bool antialias, int64_t i, int64_t in, int64_t out) {
  const float scale = static_cast<float>(out) / static_cast<float>(in);
  const float inverse = 1.0F / scale;
  const float width = antialias ? std::max(inverse, 1.0F) : 1.0F;
  const auto reach = static_cast<float>(radius_of(interpolation)) * width;
  const float at = (static_cast<float>(i) + 0.5F) * inverse;
  Samples samples;
  if (at < 0 || at > static_cast<float>(in)) return samples;
  const auto first = std::clamp<int64_t>(static_cast<int64_t>(std::ceil(at - reach - 0.5F)), 0, in - 1);
  const auto last = std::clamp<int64_t>(static_cast<int64_t>(std::floor(at + reach - 0.5F)), 0, in - 1);
  for (int64_t position = first; position <= last; ++position) {
    const float distance = std::abs((static_cast<float>(position) + 0.5F - at) / width);
    add(samples, position, kernel(interpolation, static_cast<double>(distance)));
  }
  scale_to_one(samples);
  return samples;
}

}  // namespace

Interpolation parse_interpolation(const Config& config, std::string_view key, std::string_view fallback) {
  const std::string name = config.get_string({key}, std::string(fallback));
  std::vector<std::string_view> known;
  for (const auto& [known_name, interpolation] : kNames) {
    if (name == known_name) return interpolation;
    known.push_back(known_name);
  }
  config.unsupported(fmt::format("{} `{}` is not known; there are {}", key, name, fmt::join(known, ", ")));
}

std::vector<Samples> resampling(Interpolation interpolation, bool antialias, int64_t in, int64_t out) {
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  const bool has_own_kernel =
      interpolation == Interpolation::kNearest || interpolation == Interpolation::kArea ||
      (!antialias && (interpolation == Interpolation::kBilinear || interpolation == Interpolation::kBicubic));
  std::vector<Samples> result;
  for (int64_t i = 0; i < out; ++i) {
    const float at = (static_cast<float>(i) + 0.5F) * scale;
    if (!has_own_kernel)
      result.push_back(spanned(interpolation, antialias, i, in, out));
    else if (interpolation == Interpolation::kNearest)
      result.push_back({std::clamp<int64_t>(static_cast<int64_t>(std::floor(at)), 0, in - 1), {1}});
    else if (interpolation == Interpolation::kArea)
      result.push_back(area(i, scale, in));
    else if (interpolation == Interpolation::kBilinear)
      result.push_back(bilinear(at - 0.5F, in));
    else
      result.push_back(bicubic(at - 0.5F, in));
  }
  return result;
}

}  // namespace hoarfrost::keras
