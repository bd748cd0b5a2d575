// The parts of the page, each a piece of HTML.
#pragma once

#include <hoarfrost/report.h>

#include <string>
#include <string_view>

namespace hoarfrost::evaluation::page {

// The figures at the top.
std::string summary(const Report& report);
// A heat map, legible up to a thousand classes: above kMaxCells of them, a cell stands for several.
std::string confusion_section(const Evaluation& evaluation);
// A table with a row per class.
std::string class_section(const Evaluation& evaluation);
// ROC, precision-recall, reliability, confidence, coverage, F1.
std::string curve_section(const Evaluation& evaluation);
// The worst mistakes, with their pictures.
std::string mistake_section(const Evaluation& evaluation);
// What the numbers mean.
std::string notes(const Evaluation& evaluation);

extern const std::string_view kStyle;   // CSS: light and dark, screen and paper
extern const std::string_view kScript;  // sorts the table; the page reads without it

}  // namespace hoarfrost::evaluation::page
