#include "evaluation/page/plot.h"

#include <fmt/format.h>

#include "evaluation/page/markup.h"

namespace hoarfrost::evaluation::page {
namespace {

constexpr double kLeft = 44, kTop = 8, kWidth = 272, kHeight = 204, kBottom = 40, kRight = 8;

double px(double x) { return kLeft + x * kWidth; }
double py(double y) { return kTop + (1 - y) * kHeight; }

std::string title_of(std::string_view title) {
  return title.empty() ? "" : fmt::format("<title>{}</title>", escaped(title));
}

}  // namespace

Plot::Plot(std::string_view x_title, std::string_view y_title, bool y_is_percent) {
  for (int tick = 0; tick <= 4; ++tick) {
    const double part = tick / 4.0;
    axes_ += fmt::format(
        "<line class=\"gridline\" x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1}\" y2=\"{2}\"/><line class=\"gridline\" "
        "y1=\"{3:.1f}\" y2=\"{3:.1f}\" x1=\"{4}\" x2=\"{5}\"/>",
        px(part), kTop, kTop + kHeight, py(part), kLeft, kLeft + kWidth);
    axes_ += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", px(part),
                         kTop + kHeight + 15, part);
    if (y_is_percent)
      axes_ += fmt::format("<text class=\"soft\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>", kLeft - 6,
                           py(part) + 4, part);
  }
  axes_ += fmt::format("<line class=\"axis\" x1=\"{0}\" x2=\"{1}\" y1=\"{2}\" y2=\"{2}\"/>", kLeft, kLeft + kWidth,
                       kTop + kHeight);
  axes_ += fmt::format("<text class=\"soft\" x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>", px(0.5),
                       kTop + kHeight + 32, escaped(x_title));
  axes_ += fmt::format(
      "<text class=\"soft\" transform=\"translate(11 {:.1f}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", py(0.5),
      escaped(y_title));
}

void Plot::line(std::span<const Point> points, std::string_view css_class, std::string_view title) {
  if (points.empty()) return;
  std::string path;
  for (const Point& point : points)
    path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? "M" : "L", px(point.x), py(point.y));
  marks_ += fmt::format("<path class=\"{}\" d=\"{}\">{}</path>\n", css_class, path, title_of(title));
}

void Plot::bar(double x, double width, double y, double height, std::string_view css_class, std::string_view title) {
  if (height <= 0) return;
  marks_ += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.2f}\">{}</rect>\n",
                        css_class, px(x) + 0.5, py(y + height), width * kWidth - 1, height * kHeight, title_of(title));
}

std::string Plot::svg(std::string_view label) const {
  return fmt::format(
      "<svg role=\"img\" aria-label=\"{}\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\">\n{}{}</svg>",
      escaped(label), kLeft + kWidth + kRight, kTop + kHeight + kBottom, kLeft + kWidth + kRight,
      kTop + kHeight + kBottom, axes_, marks_);
}

}  // namespace hoarfrost::evaluation::page
