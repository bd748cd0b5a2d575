// The report as one page that needs nothing else: no network, no script to read it.
#include <fmt/format.h>

#include "evaluation/page/markup.h"
#include "evaluation/page/sections.h"
#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation {
namespace {

std::string write_html(const Report& report) {
  const Evaluation& evaluation = report.evaluation;
  const std::string model = page::escaped(report.model), data = page::escaped(report.data);
  std::string text = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  // Nothing is loaded from anywhere, whatever names of files and classes hold.
  text +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; style-src "
      "'unsafe-inline'; script-src 'unsafe-inline'\">\n";
  text +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<link rel=\"icon\" href=\"data:,\">\n";
  text += fmt::format("<title>{} on {}: {}</title>\n<style>{}</style>\n</head>\n<body>\n", model, data,
                      page::percent(evaluation.accuracy), page::kStyle);
  text += fmt::format("<header><h1>{} <span>on</span> {}</h1>\n<p class=\"muted\">{}</p>\n", model, data,
                      page::escaped(report.data_kind));
  text +=
      "<nav aria-label=\"Sections\"><a href=\"#confusion\">Confusion matrix</a><a href=\"#classes\">Classes</a><a "
      "href=\"#curves\">Curves</a><a href=\"#mistakes\">Worst mistakes</a></nav></header>\n<main>\n";
  text += page::summary(report) + page::confusion_section(evaluation) + page::class_section(evaluation);
  text += page::curve_section(evaluation) + page::mistake_section(evaluation) + page::notes(evaluation);
  return text + fmt::format(
                    "</main>\n<footer>Written by hoarfrost evaluate.</footer>\n<script>{}</script>\n</body>\n</html>\n",
                    page::kScript);
}

}  // namespace

const ReportFormat report_html{".html", "a page with pictures, for a browser", write_html};

}  // namespace hoarfrost::evaluation
