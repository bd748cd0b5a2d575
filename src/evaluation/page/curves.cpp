// The curves: how well scores separate the classes, and whether confidence is to be believed.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluation/page/markup.h"
#include "evaluation/page/plot.h"
#include "evaluation/page/sections.h"

namespace hoarfrost::evaluation::page {
namespace {

constexpr int64_t kMaxLines = 30;  // classes that get a line of their own
constexpr std::array<Point, 2> kDiagonal{{{0, 0}, {1, 1}}};
using CurveOf = std::vector<Point> (*)(std::span<const int64_t> yes, std::span<const int64_t> no);

std::string figure(std::string_view id, std::string_view title, const std::string& svg, const std::string& caption) {
  return fmt::format("<figure id=\"{}\"><h3>{}</h3>{}<figcaption>{}</figcaption></figure>\n", id, title, svg, caption);
}

// The height of a ROC curve at x: on its line, the upper end where it is vertical.
double height_at(std::span<const Point> curve, double x) {
  const auto after = std::ranges::upper_bound(curve, x, {}, &Point::x);
  if (after == curve.begin()) return 0;
  const Point& left = *(after - 1);
  if (after == curve.end()) return left.y;
  return left.y + (after->y - left.y) * (x - left.x) / (after->x - left.x);
}

// Mean height of the classes' curves, as scikit-learn's example of multiclass ROC has it.
std::vector<Point> macro_roc(const Evaluation& evaluation) {
  constexpr int kSteps = 200;
  std::vector<Point> mean(kSteps + 1);
  int64_t n_curves = 0;
  for (const ScoreCounts& scores : evaluation.by_class) {
    const auto curve = roc_curve(scores.yes, scores.no);
    if (curve.empty()) continue;
    ++n_curves;
    for (int step = 0; step <= kSteps; ++step)
      mean[static_cast<size_t>(step)].y += height_at(curve, step / double{kSteps});
  }
  if (n_curves == 0) return {};
  for (int step = 0; step <= kSteps; ++step) {
    auto& point = mean[static_cast<size_t>(step)];
    point = {step / double{kSteps}, point.y / static_cast<double>(n_curves)};
  }
  mean.insert(mean.begin(), Point{0, 0});
  return mean;
}

void add_class_lines(Plot& plot, const Evaluation& evaluation, CurveOf curve_of) {
  if (evaluation.n_classes > kMaxLines) return;
  for (size_t label = 0; label < evaluation.by_class.size(); ++label) {
    const ScoreCounts& scores = evaluation.by_class[label];
    if (evaluation.classes[label].examples > 0)
      plot.line(curve_of(scores.yes, scores.no), "thin", evaluation.classes[label].name);
  }
}

std::string class_key(const Evaluation& evaluation) {
  return evaluation.n_classes <= kMaxLines ? " <span class=\"key t\"></span>each class" : "";
}

// Mean of the classes' numbers that exist.
double mean_of(const Evaluation& evaluation, double ClassScore::*number) {
  double sum = 0, n = 0;
  for (const ClassScore& score : evaluation.classes) {
    if (std::isnan(score.*number)) continue;
    sum += score.*number;
    ++n;
  }
  return sum / n;
}

std::string roc(const Evaluation& evaluation) {
  Plot plot("False positive rate", "True positive rate");
  plot.line(kDiagonal, "chance", "chance");
  add_class_lines(plot, evaluation, roc_curve);
  const auto pooled = roc_curve(evaluation.pooled.yes, evaluation.pooled.no);
  plot.line(pooled, "main", "all classes pooled");
  plot.line(macro_roc(evaluation), "second", "mean of the classes");
  const double pooled_area = area_under(pooled), macro_area = mean_of(evaluation, &ClassScore::roc_area);
  const std::string areas = fmt::format(
      "<span class=\"key r\"></span>pooled, area {:.4f}; <span class=\"key w\"></span>mean of the classes, {:.4f}{}",
      pooled_area, macro_area, class_key(evaluation));
  return figure("roc", "ROC, each class against the rest",
                plot.svg(fmt::format("ROC curve; area {:.4f} pooled, {:.4f} as the mean of the classes", pooled_area,
                                     macro_area)),
                areas);
}

std::string precision_recall(const Evaluation& evaluation) {
  Plot plot("Recall", "Precision");
  add_class_lines(plot, evaluation, precision_recall_curve);
  const auto pooled = precision_recall_curve(evaluation.pooled.yes, evaluation.pooled.no);
  plot.line(pooled, "main", "all classes pooled");
  const double pooled_area = average_precision(pooled),
               macro_area = mean_of(evaluation, &ClassScore::average_precision);
  return figure(
      "precision_recall", "Precision and recall",
      plot.svg(fmt::format("Precision over recall; average precision {:.4f} pooled, {:.4f} as the mean of the classes",
                           pooled_area, macro_area)),
      fmt::format("<span class=\"key r\"></span>pooled, average precision {:.4f}; mean of the classes {:.4f}{}",
                  pooled_area, macro_area, class_key(evaluation)));
}

std::string reliability(const Evaluation& evaluation) {
  Plot plot("Confidence", "Accuracy");
  const auto n = static_cast<double>(evaluation.reliability.size());
  for (size_t i = 0; i < evaluation.reliability.size(); ++i) {
    const ReliabilityBin& bin = evaluation.reliability[i];
    if (bin.examples == 0) continue;
    const auto examples = static_cast<double>(bin.examples);
    const double accuracy = static_cast<double>(bin.right) / examples, confidence = bin.confidence_sum / examples;
    const std::string title = fmt::format("confidence {:.3f}: {} of {} right", confidence, bin.right, bin.examples);
    plot.bar(static_cast<double>(i) / n, 1 / n, 0, accuracy, "area-right", title);
    plot.bar(static_cast<double>(i) / n, 1 / n, std::max(confidence - 0.012, 0.0), 0.012, "mark", title);
  }
  plot.line(kDiagonal, "chance", "confidence is accuracy");
  return figure(
      "reliability", "Reliability",
      plot.svg(fmt::format("Accuracy by confidence; expected calibration error {:.4f}", evaluation.calibration_error)),
      fmt::format("<span class=\"key r\"></span>accuracy at this confidence; <span class=\"key w\"></span>"
                  "mean confidence. Expected calibration error {}",
                  percent(evaluation.calibration_error)));
}

std::string confidence(const Evaluation& evaluation) {
  Plot plot("Confidence", "Examples", false);
  int64_t largest = 1, n_sure = 0;
  for (const ReliabilityBin& bin : evaluation.reliability) largest = std::max(largest, bin.examples);
  const auto n = static_cast<double>(evaluation.reliability.size());
  for (size_t i = 0; i < evaluation.reliability.size(); ++i) {
    const ReliabilityBin& bin = evaluation.reliability[i];
    const double right = static_cast<double>(bin.right) / static_cast<double>(largest),
                 wrong = static_cast<double>(bin.examples - bin.right) / static_cast<double>(largest);
    const std::string title = fmt::format("confidence {:.2f} to {:.2f}: {} right, {} wrong", static_cast<double>(i) / n,
                                          static_cast<double>(i + 1) / n, bin.right, bin.examples - bin.right);
    plot.bar(static_cast<double>(i) / n, 1 / n, 0, right, "area-right", title);
    plot.bar(static_cast<double>(i) / n, 1 / n, right, wrong, "area-wrong", title);
    if (i + 1 == evaluation.reliability.size()) n_sure = bin.examples;
  }
  return figure("confidence", "How sure the network is",
                plot.svg("Number of examples by confidence, right and wrong ones"),
                fmt::format("<span class=\"key r\"></span>right; <span class=\"key w\"></span>wrong. The tallest bar "
                            "is {} examples; {} of all are above {:.2f}",
                            grouped(largest), grouped(n_sure), 1 - 1 / n));
}

std::string coverage(const Evaluation& evaluation) {
  Plot plot("Part of the examples, the surest first", "Accuracy");
  const auto curve = coverage_curve(evaluation.confidence);
  plot.line(curve, "main", "accuracy of the surest");
  const auto enough = std::ranges::find_if(curve.rbegin(), curve.rend(),
                                           [](const Point& point) { return point.y >= 0.99 && point.x >= 0.001; });
  const std::string part = enough == curve.rend()
                               ? "No part of them is 99\u202F% right"
                               : fmt::format("The surest {} are right in 99\u202F% or more", percent(enough->x, 1));
  return figure("coverage", "Accuracy of the surest", plot.svg("Accuracy over coverage: " + part), part + ".");
}

std::string f1_histogram(const Evaluation& evaluation) {
  constexpr size_t kBars = 20;
  Plot plot("F1", "Classes", false);
  std::array<int64_t, kBars> counts{};
  for (const ClassScore& score : evaluation.classes) {
    if (score.examples > 0) ++counts[std::min(static_cast<size_t>(score.f1 * kBars), kBars - 1)];
  }
  const int64_t largest = std::max<int64_t>(*std::ranges::max_element(counts), 1);
  for (size_t i = 0; i < kBars; ++i) {
    const double from = static_cast<double>(i) / kBars;
    plot.bar(from, 1.0 / kBars, 0, static_cast<double>(counts[i]) / static_cast<double>(largest), "area-right",
             fmt::format("F1 {:.2f} to {:.2f}: {} classes", from, from + 1.0 / kBars, counts[i]));
  }
  const auto weakest = std::ranges::min_element(
      evaluation.classes, {}, [](const ClassScore& score) { return score.examples > 0 ? score.f1 : 2; });
  return figure("f1", "Classes by their F1", plot.svg("Number of classes by F1"),
                fmt::format("The weakest class is {} with {:.4f}; the tallest bar is {} classes",
                            escaped(shortened(weakest->name, 30)), weakest->f1, grouped(largest)));
}

}  // namespace

std::string curve_section(const Evaluation& evaluation) {
  std::string text = "<section id=\"curves\"><h2>Curves</h2>\n<div class=\"plots\">\n";
  text += roc(evaluation) + precision_recall(evaluation) + reliability(evaluation) + confidence(evaluation) +
          coverage(evaluation) + f1_histogram(evaluation);
  return text + "</div></section>\n";
}

}  // namespace hoarfrost::evaluation::page
