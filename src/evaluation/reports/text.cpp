// The report for a terminal.
#include <fmt/format.h>

#include "base/text_table.h"
#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation {
namespace {

constexpr int64_t kMaxColumns = 26;  // of a confusion matrix that a terminal shows
using Rows = std::vector<std::vector<std::string>>;

std::string number(double value) { return fmt::format("{:.4f}", value); }

std::string class_table(const Evaluation& evaluation) {
  Rows rows;
  for (size_t label = 0; label < evaluation.classes.size(); ++label) {
    const ClassScore& score = evaluation.classes[label];
    rows.push_back({score.name, std::to_string(score.examples), std::to_string(score.right), number(score.precision),
                    number(score.recall), number(score.f1)});
  }
  const std::string examples = std::to_string(evaluation.examples), right = std::to_string(evaluation.right);
  for (const auto& [name, average] :
       {std::pair("macro average", evaluation.macro), std::pair("weighted average", evaluation.weighted)})
    rows.push_back({name, examples, right, number(average.precision), number(average.recall), number(average.f1)});
  return text_table({"class", "examples", "right", "precision", "recall", "F1"}, rows);
}

std::string confusion_table(const Evaluation& evaluation) {
  if (evaluation.confusion.empty() || evaluation.n_classes > kMaxColumns) return "";
  std::vector<std::string> header{"label \\ taken for"};
  Rows rows;
  for (int64_t label = 0; label < evaluation.n_classes; ++label) {
    header.push_back(std::to_string(label));
    std::vector<std::string> row{fmt::format("{}: {}", label, class_name(evaluation, label))};
    if (class_name(evaluation, label) == std::to_string(label)) row[0] = std::to_string(label);
    for (int64_t prediction = 0; prediction < evaluation.n_classes; ++prediction) {
      const int64_t count = evaluation.count(label, prediction);
      row.push_back(count == 0 ? "." : std::to_string(count));
    }
    rows.push_back(std::move(row));
  }
  return "\nConfusion matrix\n" + text_table(header, rows);
}

std::string confusions_table(const Evaluation& evaluation) {
  Rows rows;
  for (const Confusion& confusion : most_frequent_confusions(evaluation, 10))
    rows.push_back({class_name(evaluation, confusion.label), class_name(evaluation, confusion.prediction),
                    std::to_string(confusion.examples)});
  return rows.empty() ? "" : "\nMost frequent confusions\n" + text_table({"label", "taken for", "examples"}, rows);
}

std::string mistakes_table(const Evaluation& evaluation) {
  Rows rows;
  for (const Mistake& mistake : evaluation.worst) {
    rows.push_back({mistake.name, class_name(evaluation, mistake.label), class_name(evaluation, mistake.prediction),
                    number(mistake.confidence), number(mistake.label_confidence), number(mistake.loss)});
  }
  return rows.empty() ? ""
                      : "\nWorst mistakes\n" +
                            text_table({"example", "label", "taken for", "confidence", "label's", "loss"}, rows);
}

std::string write_text(const Report& report) {
  const Evaluation& e = report.evaluation;
  const Interval interval = wilson_interval(e.right, e.examples);
  std::string text = fmt::format("{} on {} ({})\n\n", report.model, report.data, report.data_kind);
  text += fmt::format("Accuracy           {:.4f}  {} of {}, 95 % interval {:.4f} to {:.4f}\n", e.accuracy, e.right,
                      e.examples, interval.low, interval.high);
  text += fmt::format("Top-{:<2} accuracy    {:.4f}  {} of {}\n", e.top_k, e.top_k_accuracy, e.top_k_right, e.examples);
  text += fmt::format("Loss               {:.4f}\n", e.loss);
  text += fmt::format("Calibration error  {:.4f}\n", e.calibration_error);
  if (e.n_nan > 0)
    text += fmt::format("NaN outputs        {} examples, the first is {}; they count as wrong\n", e.n_nan, e.first_nan);
  return text + "\n" + class_table(e) + confusion_table(e) + confusions_table(e) + mistakes_table(e);
}

}  // namespace

const ReportFormat report_text{".txt", "tables for a terminal", write_text};

}  // namespace hoarfrost::evaluation
