// The table of classes.
#include <fmt/format.h>

#include <array>
#include <cmath>

#include "evaluation/page/markup.h"
#include "evaluation/page/sections.h"

namespace hoarfrost::evaluation::page {
namespace {

std::string cell(int64_t count) { return fmt::format("<td data-v=\"{}\">{}</td>", count, grouped(count)); }

std::string cell(double part, bool has_bar) {
  if (std::isnan(part)) return "<td data-v=\"\">–</td>";
  return fmt::format("<td data-v=\"{}\"{}>{:.4f}</td>", part,
                     has_bar ? fmt::format(" class=\"bar\" style=\"--v:{:.3f}\"", part) : "", part);
}

std::string average_row(std::string_view name, const AverageScore& average, const Evaluation& e) {
  return fmt::format(
      "<tr><th "
      "scope=\"row\">{}</th><td>{}</td><td></td><td>{}</td><td>{:.4f}</td><td>{:.4f}</td><td>{:.4f}</td><td></td><td></"
      "td></tr>\n",
      name, grouped(e.examples), grouped(e.right), average.precision, average.recall, average.f1);
}

}  // namespace

std::string class_section(const Evaluation& evaluation) {
  constexpr std::array kColumns{"Class",  "Examples", "Predicted", "Right",         "Precision",
                                "Recall", "F1",       "ROC area",  "Avg. precision"};
  std::string text =
      "<section id=\"classes\"><h2>Classes</h2>\n<div class=\"scroll tall\" tabindex=\"0\" role=\"region\" "
      "aria-label=\"Table of classes\">\n";
  text += "<table class=\"sortable\"><caption>Each class against all others. A heading sorts.</caption>\n<thead><tr>";
  for (const char* column : kColumns)
    text += fmt::format("<th scope=\"col\"><button type=\"button\">{}</button></th>", column);
  text += "</tr></thead>\n<tbody>\n";
  for (size_t label = 0; label < evaluation.classes.size(); ++label) {
    const ClassScore& score = evaluation.classes[label];
    text += fmt::format("<tr data-label=\"{}\"><th scope=\"row\">{}</th>", label, escaped(score.name));
    text += cell(score.examples) + cell(score.predicted) + cell(score.right);
    text += cell(score.precision, true) + cell(score.recall, true) + cell(score.f1, true);
    text += cell(score.roc_area, false) + cell(score.average_precision, false) + "</tr>\n";
  }
  text += "</tbody>\n<tfoot>\n" + average_row("Macro average", evaluation.macro, evaluation) +
          average_row("Weighted average", evaluation.weighted, evaluation);
  return text + "</tfoot></table></div></section>\n";
}

}  // namespace hoarfrost::evaluation::page
