#include "keras/spectrum.h"

#include <algorithm>
#include <cmath>
#include <numbers>

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

}  // namespace

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

}  // namespace hoarfrost::keras
