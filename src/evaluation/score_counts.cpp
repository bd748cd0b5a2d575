// Scores in bins at fixed thresholds, and the curves that come of them.
#include <hoarfrost/statistics.h>

#include <bit>
#include <cmath>
#include <limits>

namespace hoarfrost::evaluation {
namespace {

constexpr int kLowBins = ScoreCounts::kBins / 2;  // below 1/2: one that begins at 0, then 24 octaves of 8

// The bin of p < 1/2: exponent and first three bits of the mantissa.
int low_bin(double p) {
  const auto bits = std::bit_cast<uint64_t>(p);
  const int exponent = static_cast<int>(bits >> 52) - 1023;
  const int eighth = static_cast<int>(bits >> 49 & 7);
  const int from_half = (-2 - exponent) * 8 + 7 - eighth;
  return from_half >= kLowBins - 1 ? 0 : kLowBins - 1 - from_half;
}

double low_threshold(int bin) {
  if (bin == 0) return 0;
  const int from_half = kLowBins - 1 - bin;
  if (from_half < 0) return 0.5;
  return std::ldexp(1 + (7 - from_half % 8) / 8.0, -2 - from_half / 8);
}

double total(std::span<const int64_t> counts) {
  int64_t sum = 0;
  for (const int64_t count : counts) sum += count;
  return static_cast<double>(sum);
}

}  // namespace

int ScoreCounts::bin_of(double probability) {
  if (!(probability > 0)) return 0;
  if (probability < 0.5) return low_bin(probability);
  const double rest = 1 - probability;
  if (!(rest > 0)) return kBins - 1;
  // Mirrored, a bin holds its upper end and not its lower one: the next smaller number stands for `rest`.
  return kBins - 1 - low_bin(std::bit_cast<double>(std::bit_cast<uint64_t>(rest) - 1));
}

double ScoreCounts::threshold(int bin) {
  if (bin >= kBins) return std::nextafter(1.0, 2.0);
  return bin < kLowBins ? low_threshold(bin) : 1 - low_threshold(kBins - bin);
}

std::vector<Point> roc_curve(std::span<const int64_t> yes, std::span<const int64_t> no) {
  const double n_yes = total(yes), n_no = total(no);
  if (n_yes == 0 || n_no == 0) return {};
  std::vector<Point> curve{{0, 0}};
  double true_positives = 0, false_positives = 0;
  for (size_t bin = yes.size(); bin-- > 0;) {
    if (yes[bin] + no[bin] == 0) continue;
    true_positives += static_cast<double>(yes[bin]);
    false_positives += static_cast<double>(no[bin]);
    curve.push_back({false_positives / n_no, true_positives / n_yes});
  }
  return curve;
}

std::vector<Point> precision_recall_curve(std::span<const int64_t> yes, std::span<const int64_t> no) {
  const double n_yes = total(yes);
  if (n_yes == 0) return {};
  std::vector<Point> curve;
  double true_positives = 0, positives = 0;
  for (size_t bin = yes.size(); bin-- > 0;) {
    if (yes[bin] + no[bin] == 0) continue;
    true_positives += static_cast<double>(yes[bin]);
    positives += static_cast<double>(yes[bin] + no[bin]);
    curve.push_back({true_positives / n_yes, true_positives / positives});
  }
  return curve;
}

std::vector<Point> coverage_curve(const ScoreCounts& confidence) {
  const double n = total(confidence.yes) + total(confidence.no);
  std::vector<Point> curve;
  double right = 0, covered = 0;
  for (size_t bin = confidence.yes.size(); bin-- > 0;) {
    if (confidence.yes[bin] + confidence.no[bin] == 0) continue;
    right += static_cast<double>(confidence.yes[bin]);
    covered += static_cast<double>(confidence.yes[bin] + confidence.no[bin]);
    curve.push_back({covered / n, right / covered});
  }
  return curve;
}

double area_under(std::span<const Point> curve) {
  if (curve.empty()) return std::numeric_limits<double>::quiet_NaN();
  double area = 0;
  for (size_t i = 1; i < curve.size(); ++i) area += (curve[i].x - curve[i - 1].x) * (curve[i].y + curve[i - 1].y) / 2;
  return area;
}

double average_precision(std::span<const Point> curve) {
  if (curve.empty()) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0, recall = 0;
  for (const Point& point : curve) {
    sum += (point.x - recall) * point.y;
    recall = point.x;
  }
  return sum;
}

}  // namespace hoarfrost::evaluation
