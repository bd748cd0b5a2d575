#include "keras/spectrum.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

namespace hoarfrost::keras {
namespace {

// Slaney's Auditory Toolbox: linear below 1000 Hz, logarithmic above.
constexpr double kHertzOfMel = 200.0 / 3;
constexpr double kFirstLogHertz = 1000;
constexpr double kFirstLogMel = kFirstLogHertz / kHertzOfMel;

double log_step() { return std::log(6.4) / 27; }

double mel_of(double hertz, bool is_htk) {
  if (is_htk) return 2595 * std::log10(1 + hertz / 700);
  return hertz < kFirstLogHertz ? hertz / kHertzOfMel : kFirstLogMel + std::log(hertz / kFirstLogHertz) / log_step();
}

double hertz_of(double mel, bool is_htk) {
  if (is_htk) return 700 * (std::pow(10, mel / 2595) - 1);
  return mel < kFirstLogMel ? mel * kHertzOfMel : kFirstLogHertz * std::exp(log_step() * (mel - kFirstLogMel));
}

// tf.signal.kaiser_window(length, 12).
std::vector<double> kaiser_window(int64_t length) {
  constexpr double kBeta = 12;
  std::vector<double> window(static_cast<size_t>(length), 1);
  if (length == 1) return window;
  const double half = static_cast<double>(length - 1) / 2;
  for (int64_t i = 0; i < length; ++i) {
    const double x = (static_cast<double>(i) - half) / half;
    window[static_cast<size_t>(i)] =
        std::cyl_bessel_i(0, kBeta * std::sqrt(std::max(0.0, 1 - x * x))) / std::cyl_bessel_i(0, kBeta);
  }
  return window;
}

std::vector<double> kaiser_bessel_derived_window(int64_t length) {
  const std::vector<double> kaiser = kaiser_window(length / 2 + 1);
  std::vector<double> window;
  double sum = 0;
  const double all = std::accumulate(kaiser.begin(), kaiser.end(), 0.0);
  for (size_t i = 0; i + 1 < kaiser.size(); ++i) window.push_back(std::sqrt((sum += kaiser[i]) / all));
  const std::vector<double> half = window;
  window.insert(window.end(), half.rbegin(), half.rend());
  return window;
}

}  // namespace

std::optional<std::vector<double>> tensorflow_window(std::string_view name, int64_t length) {
  if (name == "hann_window") return raised_cosine_window(length, 0.5);
  if (name == "hamming_window") return raised_cosine_window(length, 0.54);
  if (name == "kaiser_window") return kaiser_window(length);
  if (name == "kaiser_bessel_derived_window" && length % 2 == 0) return kaiser_bessel_derived_window(length);
  if (name != "vorbis_window") return {};
  std::vector<double> window;
  for (int64_t i = 0; i < length; ++i) {
    const double sine = std::sin(std::numbers::pi * (static_cast<double>(i) + 0.5) / static_cast<double>(length));
    window.push_back(std::sin(std::numbers::pi / 2 * sine * sine));
  }
  return window;
}

std::vector<double> raised_cosine_window(int64_t length, double a) {
  std::vector<double> window(static_cast<size_t>(length), 1);
  if (length == 1) return window;
  const int64_t n = length % 2 == 0 ? length : length - 1;
  for (int64_t i = 0; i < length; ++i)
    window[static_cast<size_t>(i)] =
        a - (1 - a) * std::cos(2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(n));
  return window;
}

std::vector<double> MelBank::weights() const {
  std::vector<double> edges(static_cast<size_t>(n_mels + 2));
  const double first = mel_of(lowest, is_htk);
  const double step = (mel_of(highest, is_htk) - first) / static_cast<double>(n_mels + 1);
  for (size_t i = 0; i < edges.size(); ++i) edges[i] = hertz_of(first + step * static_cast<double>(i), is_htk);
  std::vector<double> result(static_cast<size_t>(n_frequencies * n_mels));
  for (int64_t f = 0; f < n_frequencies; ++f) {
    const double hertz = sample_rate * static_cast<double>(f) / static_cast<double>(2 * (n_frequencies - 1));
    for (int64_t m = 0; m < n_mels; ++m) {
      const double* edge = &edges[static_cast<size_t>(m)];
      const double height =
          std::max(0.0, std::min((hertz - edge[0]) / (edge[1] - edge[0]), (edge[2] - hertz) / (edge[2] - edge[1])));
      result[static_cast<size_t>(f * n_mels + m)] = is_normalized ? height * 2 / (edge[2] - edge[0]) : height;
    }
  }
  return result;
}

std::vector<double> LogBank::weights() const {
  const double sigma = spread / static_cast<double>(bins_per_octave);
  std::vector<double> result(static_cast<size_t>(n_frequencies * n_bins));
  for (int64_t bin = 0; bin < n_bins; ++bin) {
    const double centre = std::log2(lowest) + static_cast<double>(bin) / static_cast<double>(bins_per_octave);
    double sum = 0;
    const auto at = [&](int64_t f) -> double& { return result[static_cast<size_t>(f * n_bins + bin)]; };
    for (int64_t f = 1; f < n_frequencies; ++f) {
      const double octave =
          std::log2(sample_rate * static_cast<double>(f) / static_cast<double>(2 * (n_frequencies - 1)));
      const double distance = (octave - centre) / sigma;
      sum += at(f) = std::exp(-0.5 * distance * distance - std::log2(sigma) - octave);
    }
    // librosa leaves a bin as it is whose sum is less than the smallest number.
    for (int64_t f = 1; f < n_frequencies && sum >= std::numeric_limits<double>::min(); ++f) at(f) /= sum;
  }
  return result;
}

}  // namespace hoarfrost::keras
