// A small plot in SVG whose axes both go from 0 to 1.
#pragma once

#include <hoarfrost/statistics.h>

#include <span>
#include <string>
#include <string_view>

namespace hoarfrost::evaluation::page {

class Plot {
 public:
  // What stands under and beside the axes. Without percent the y axis has no numbers.
  Plot(std::string_view x_title, std::string_view y_title, bool y_is_percent = true);
  // A line through the points, in the look of a CSS class (main, second, thin, chance); the title shows on hovering.
  void line(std::span<const Point> points, std::string_view css_class, std::string_view title = "");
  // From (x, y) to (x + width, y + height), in the units of the axes.
  void bar(double x, double width, double y, double height, std::string_view css_class, std::string_view title);
  // label: what a screen reader says.
  [[nodiscard]] std::string svg(std::string_view label) const;

 private:
  std::string axes_;
  std::string marks_;
};

}  // namespace hoarfrost::evaluation::page
