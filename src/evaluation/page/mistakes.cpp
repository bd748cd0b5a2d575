// The worst mistakes as cards.
#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "evaluation/page/markup.h"
#include "evaluation/page/png.h"
#include "evaluation/page/sections.h"
#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation::page {
namespace {

constexpr int64_t kMaxSide = 224;      // of a picture in the page
constexpr int64_t kPixelsShown = 112;  // smaller ones are shown as the pixels that they are

std::string image(const Mistake& mistake, const std::string& alternative) {
  if (mistake.picture.empty()) return "<div class=\"none\">no picture</div>";
  const Tensor picture = reduced(mistake.picture, kMaxSide);
  const std::string bytes = png(picture);
  const bool is_small = std::max(picture.shape()[0], picture.shape()[1]) < kPixelsShown;
  return fmt::format("<img{} width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/png;base64,{}\">",
                     is_small ? " class=\"pixels\"" : "", picture.shape()[1], picture.shape()[0], alternative,
                     base64(std::span(reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size())));
}

std::string level(std::string_view what, std::string_view kind, const std::string& name, double part) {
  return fmt::format(
      "<span class=\"pair\"><span>{} <b>{}</b></span><span>{}</span></span><span class=\"level {}\" "
      "aria-hidden=\"true\"><i style=\"--v:{:.3f}\"></i></span>",
      what, name, percent(part, 1), kind, part);
}

}  // namespace

std::string mistake_section(const Evaluation& evaluation) {
  const int64_t n_mistakes = evaluation.examples - evaluation.right - evaluation.n_nan;
  std::string text = "<section id=\"mistakes\"><h2>Worst mistakes</h2>\n";
  if (n_mistakes == 0) return text + "<p class=\"muted\">No example got another class than its own.</p></section>\n";
  text += fmt::format(
      "<p class=\"muted\">{} of the {} examples that got another class than their label, the largest loss "
      "first.</p>\n<ul class=\"cards\">\n",
      grouped(static_cast<int64_t>(evaluation.worst.size())), grouped(n_mistakes));
  for (const Mistake& mistake : evaluation.worst) {
    const std::string label = escaped(class_name(evaluation, mistake.label));
    const std::string prediction = escaped(class_name(evaluation, mistake.prediction));
    const std::string name = escaped(mistake.name);
    text += fmt::format("<li><figure>{}<figcaption>{}{}<code>{}</code></figcaption></figure></li>\n",
                        image(mistake, fmt::format("{}: {}, taken for {}", name, label, prediction)),
                        level("taken for", "w", prediction, mistake.confidence),
                        level("is", "r", label, mistake.label_confidence), name);
  }
  return text + "</ul></section>\n";
}

}  // namespace hoarfrost::evaluation::page
