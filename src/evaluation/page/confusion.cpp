// The confusion matrix as a heat map: rows are labels, columns what they were taken for.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "evaluation/page/markup.h"
#include "evaluation/page/sections.h"
#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation::page {
namespace {

constexpr int64_t kMaxCells = 100;  // to a side: more classes share cells

struct Look {
  int64_t n_cells = 0;   // to a side
  int64_t n_pooled = 1;  // classes to a cell
  int size = 9;          // of a cell, in pixels
  int font = 0;          // of the names; 0: only where cells begin
  bool has_counts = false;
  size_t n_name = 20;  // characters of a name
};

Look look_of(int64_t n_classes) {
  if (n_classes <= 12) return {n_classes, 1, 46, 12, true, 18};
  if (n_classes <= 30) return {n_classes, 1, 27, 11, true, 16};
  if (n_classes <= 50) return {n_classes, 1, 15, 11, false, 16};
  if (n_classes <= 120) return {n_classes, 1, 9, 8, false, 14};
  const int64_t n_pooled = (n_classes + kMaxCells - 1) / kMaxCells;
  return {(n_classes + n_pooled - 1) / n_pooled, n_pooled, 7, 0, false, 14};
}

struct Cell {
  int64_t examples = 0;
  int64_t right = 0;
};

// [n_cells, n_cells]
std::vector<Cell> pooled(const Evaluation& evaluation, const Look& look) {
  std::vector<Cell> cells(static_cast<size_t>(look.n_cells * look.n_cells));
  for (int64_t label = 0; label < evaluation.n_classes; ++label) {
    for (int64_t prediction = 0; prediction < evaluation.n_classes; ++prediction) {
      const int64_t examples = evaluation.count(label, prediction);
      Cell& cell = cells[static_cast<size_t>(label / look.n_pooled * look.n_cells + prediction / look.n_pooled)];
      cell.examples += examples;
      if (label == prediction) cell.right += examples;
    }
  }
  return cells;
}

std::string range_name(const Evaluation& evaluation, const Look& look, int64_t cell) {
  if (look.n_pooled == 1) return escaped(class_name(evaluation, cell));
  const int64_t last = std::min((cell + 1) * look.n_pooled, evaluation.n_classes) - 1;
  return escaped(fmt::format("{} to {}", class_name(evaluation, cell * look.n_pooled), class_name(evaluation, last)));
}

std::string names(const Evaluation& evaluation, const Look& look, int margin) {
  std::string text;
  const int font = look.font == 0 ? 10 : look.font;
  for (int64_t i = 0; i < look.n_cells; i += look.font == 0 ? 10 : 1) {
    const int64_t label = i * look.n_pooled;
    const std::string name = escaped(shortened(class_name(evaluation, label), look.n_name));
    const auto middle = static_cast<double>(margin) + (static_cast<double>(i) + (look.font == 0 ? 0 : 0.5)) * look.size;
    text +=
        fmt::format("<text class=\"soft\" style=\"font-size:{}px\" x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>",
                    font, margin - 5, middle + font * 0.36, name);
    text += fmt::format(
        "<text class=\"soft\" style=\"font-size:{}px\" transform=\"translate({:.1f} {}) rotate(-90)\">{}</text>\n",
        font, middle + font * 0.36, margin - 5, name);
  }
  return text;
}

// Strength of the colour: the part of the row's examples, its root off the diagonal, so that few mistakes are seen too.
double strength(const Cell& cell, int64_t n_row, bool is_diagonal) {
  const double part =
      static_cast<double>(is_diagonal ? cell.right : cell.examples) / static_cast<double>(std::max<int64_t>(n_row, 1));
  return is_diagonal ? 0.1 + 0.9 * part : 0.14 + 0.86 * std::sqrt(part);
}

// The text's colour that is read best on a cell: in the light look full cells are dark, in the dark one all but faint
// ones are bright.
std::string_view ink_on(double opacity) {
  return opacity > 0.85 ? " class=\"on\"" : opacity > 0.55 ? " class=\"mid\"" : "";
}

std::string cell_markup(const Evaluation& evaluation, const Look& look, int margin, int64_t row, int64_t column,
                        const Cell& cell, int64_t n_row) {
  const bool is_diagonal = row == column;
  const double opacity = strength(cell, n_row, is_diagonal);
  const int64_t x = margin + column * look.size, y = margin + row * look.size;
  const double part = static_cast<double>(cell.examples) / static_cast<double>(std::max<int64_t>(n_row, 1));
  std::string title =
      fmt::format("{} taken for {}: {} of {} ({})", range_name(evaluation, look, row),
                  range_name(evaluation, look, column), grouped(cell.examples), grouped(n_row), percent(part, 1));
  if (is_diagonal)
    title =
        fmt::format("{}: {} of {} right ({})", range_name(evaluation, look, row), grouped(cell.right), grouped(n_row),
                    percent(static_cast<double>(cell.right) / static_cast<double>(std::max<int64_t>(n_row, 1)), 1));
  std::string text = fmt::format(
      "<g><title>{}</title><rect class=\"{}\" fill-opacity=\"{:.2f}\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
      title, is_diagonal ? "cell-right" : "cell-wrong", opacity, x, y, look.size, look.size);
  if (look.has_counts) {
    const std::string count = std::to_string(cell.examples);
    const double font = std::min(look.size >= 40 ? 13.0 : 11.0, look.size * 1.5 / static_cast<double>(count.size()));
    text +=
        fmt::format("<text{} style=\"font-size:{:.1f}px\" x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\">{}</text>",
                    ink_on(opacity), font, static_cast<double>(x) + look.size / 2.0,
                    static_cast<double>(y) + look.size / 2.0 + font * 0.36, count);
  }
  return text + "</g>\n";
}

std::string empty_cell(const Look& look, int margin, int64_t row, int64_t column) {
  return fmt::format("<rect class=\"empty\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>",
                     margin + column * look.size, margin + row * look.size, look.size, look.size);
}

std::string heat_map(const Evaluation& evaluation, const Look& look) {
  size_t longest = 1;
  for (const ClassScore& score : evaluation.classes)
    longest = std::max(longest, std::min(score.name.size(), look.n_name));
  const int font = look.font == 0 ? 10 : look.font;
  const int margin = 14 + std::max(24, static_cast<int>(std::lround(static_cast<double>(longest) * font * 0.62)));
  const int64_t side = margin + look.n_cells * look.size;
  const auto cells = pooled(evaluation, look);
  std::string text = fmt::format(
      "<svg role=\"img\" aria-label=\"Confusion matrix of {} classes; the table of most frequent confusions says its "
      "largest cells\" width=\"{}\" height=\"{}\" viewBox=\"0 0 {} {}\">\n",
      evaluation.n_classes, side + 2, side + 2, side + 2, side + 2);
  text += names(evaluation, look, margin);
  for (int64_t row = 0; row < look.n_cells; ++row) {
    const auto* first = &cells[static_cast<size_t>(row * look.n_cells)];
    int64_t n_row = 0;
    for (int64_t column = 0; column < look.n_cells; ++column) n_row += first[column].examples;
    for (int64_t column = 0; column < look.n_cells; ++column) {
      if (first[column].examples == 0 && look.has_counts) text += empty_cell(look, margin, row, column);
      if (first[column].examples > 0) text += cell_markup(evaluation, look, margin, row, column, first[column], n_row);
    }
  }
  text += fmt::format("<rect class=\"frame\" x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/>\n", margin, margin,
                      look.n_cells * look.size, look.n_cells * look.size);
  return text + "</svg>";
}

std::string confusions_table(const Evaluation& evaluation) {
  const auto confusions = most_frequent_confusions(evaluation, 15);
  if (confusions.empty()) return "<p class=\"muted\">There are no confusions.</p>";
  std::string text =
      "<table><caption>Most frequent confusions</caption><thead><tr><th scope=\"col\" class=\"name\">Label</th><th "
      "scope=\"col\" class=\"name\">Taken for</th><th scope=\"col\">Examples</th></tr></thead><tbody>\n";
  for (const Confusion& confusion : confusions) {
    const auto n = evaluation.n_examples_of(confusion.label);
    text += fmt::format(
        "<tr><th scope=\"row\">{}</th><td class=\"name\">{}</td><td>{} <span class=\"muted\">of {}</span></td></tr>\n",
        escaped(shortened(class_name(evaluation, confusion.label), 28)),
        escaped(shortened(class_name(evaluation, confusion.prediction), 18)), grouped(confusion.examples), grouped(n));
  }
  return text + "</tbody></table>";
}

}  // namespace

std::string confusion_section(const Evaluation& evaluation) {
  std::string text = "<section id=\"confusion\"><h2>Confusion matrix</h2>\n";
  if (evaluation.confusion.empty())
    return text + fmt::format("<p class=\"muted\">Not kept for more than {} classes.</p></section>\n",
                              grouped(Evaluation::kMaxConfusionClasses));
  const Look look = look_of(evaluation.n_classes);
  text +=
      "<p class=\"muted\">Rows are labels, columns what they were taken for. <span class=\"key r\"></span>right, by "
      "the part of the row; <span class=\"key w\"></span>taken for another class, by that part's root.";
  if (look.n_pooled > 1) text += fmt::format(" Each square stands for {0} × {0} classes.", look.n_pooled);
  const bool is_wide = look.n_cells * look.size > 720;
  text += fmt::format("</p>\n<div class=\"split{}\"><figure class=\"scroll\">", is_wide ? " wide" : "");
  return text + heat_map(evaluation, look) + "</figure>\n<div class=\"scroll\">" + confusions_table(evaluation) +
         "</div></div></section>\n";
}

}  // namespace hoarfrost::evaluation::page
