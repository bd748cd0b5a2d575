// The figures at the top of the page, and what they mean at its end.
#include <fmt/format.h>

#include "evaluation/page/markup.h"
#include "evaluation/page/sections.h"
#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation::page {
namespace {

// `id` and the unrounded value are for programs that read the page.
std::string tile(std::string_view title, std::string_view id, double value, const std::string& shown,
                 const std::string& below) {
  return fmt::format("<div><dt>{}</dt><dd><data id=\"{}\" value=\"{}\">{}</data></dd><dd>{}</dd></div>\n", title, id,
                     value, shown, below);
}

std::string meaning(std::string_view term, std::string_view text) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, text);
}

}  // namespace

std::string summary(const Report& report) {
  const Evaluation& e = report.evaluation;
  const Interval interval = wilson_interval(e.right, e.examples);
  std::string text = "<dl class=\"tiles\">\n";
  text += tile("Accuracy", "accuracy", e.accuracy, percent(e.accuracy),
               fmt::format("{} of {}; 95&nbsp;% interval {} to {}", grouped(e.right), grouped(e.examples),
                           percent(interval.low, 1), percent(interval.high, 1)));
  text += tile(fmt::format("Top-{} accuracy", e.top_k), "top_k_accuracy", e.top_k_accuracy, percent(e.top_k_accuracy),
               fmt::format("{} of {}", grouped(e.top_k_right), grouped(e.examples)));
  text += tile("Loss", "loss", e.loss, fmt::format("{:.4f}", e.loss), "cross-entropy, mean of the examples");
  text += tile("F1, macro", "macro_f1", e.macro.f1, fmt::format("{:.4f}", e.macro.f1),
               fmt::format("weighted {:.4f}", e.weighted.f1));
  text += tile("Calibration error", "calibration_error", e.calibration_error, percent(e.calibration_error),
               "0 where confidence is accuracy");
  text += tile("Examples", "examples", static_cast<double>(e.examples), grouped(e.examples),
               fmt::format("{} classes, {:.2f} s, {} a second", grouped(e.n_classes), e.seconds,
                           grouped(static_cast<int64_t>(static_cast<double>(e.examples) / std::max(e.seconds, 1e-9)))));
  text += "</dl>\n";
  if (e.n_nan > 0) {
    text += fmt::format(
        "<p class=\"warning\" role=\"note\"><strong>The outputs of <data id=\"nan_outputs\" value=\"{}\">{}</data> "
        "examples are NaN.</strong> The first is <code>{}</code>. They count as wrong, and are in no matrix or "
        "curve.</p>\n",
        e.n_nan, grouped(e.n_nan), escaped(e.first_nan));
  }
  return text;
}

std::string notes(const Evaluation& evaluation) {
  std::string text = "<section id=\"notes\"><details><summary>What these numbers mean</summary>\n<dl>\n";
  text += meaning("Accuracy",
                  "Examples whose largest output is their label's (one output: above 0.5 means class 1), of all "
                  "examples. The interval is Wilson's, of 1927.");
  text += meaning(fmt::format("Top-{}", evaluation.top_k),
                  fmt::format("Examples whose label is among the {} largest outputs.", evaluation.top_k));
  text += meaning("Loss",
                  "Keras' cross-entropy: outputs scaled to the sum 1 and clipped to [1e-7, 1 − 1e-7]; the negative "
                  "logarithm of the label's, averaged.");
  text += meaning("Precision", "Of the examples taken for a class, the part that is of it.");
  text += meaning("Recall", "Of the examples of a class, the part taken for it.");
  text += meaning("F1",
                  "2 · precision · recall / (precision + recall). Where a quotient is 0/0 it is 0. Macro: the mean of "
                  "the classes seen; weighted: by their examples.");
  text += meaning("ROC area",
                  "The probability that an example of the class scores above one of another class, by trapezoids "
                  "through fixed thresholds.");
  text += meaning("Average precision", "The sum of each step in recall times the precision there.");
  text += meaning("Confidence",
                  "The largest probability. Outputs of which some are negative are taken as logits: their softmax.");
  text += meaning("Calibration error",
                  "Over 15 bins of confidence, the distance between mean confidence and accuracy, weighted by examples "
                  "(Guo et al. 2017).");
  return text + "</dl></details></section>\n";
}

}  // namespace hoarfrost::evaluation::page
