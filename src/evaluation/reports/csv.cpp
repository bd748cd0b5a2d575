// The report as one table of four columns, a number a row (RFC 4180): what spreadsheets filter and pandas pivots.
#include <fmt/format.h>

#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation {
namespace {

std::string csv_cell(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string result = "\"";
  for (const char c : text) result += c == '"' ? "\"\"" : std::string(1, c);
  return result + "\"";
}

class CsvRows {
 public:
  template <typename Row, typename Value>
  void add(std::string_view table, const Row& row, std::string_view column, const Value& value) {
    text_ += fmt::format("{},{},{},{}\n", table, row, column, csv_cell(fmt::format("{}", value)));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_ = "table,row,column,value\n";
};

void add_summary(CsvRows& rows, const Report& report) {
  const Evaluation& e = report.evaluation;
  rows.add("summary", "", "model", report.model);
  rows.add("summary", "", "data", report.data);
  rows.add("summary", "", "examples", e.examples);
  rows.add("summary", "", "right", e.right);
  rows.add("summary", "", "accuracy", e.accuracy);
  rows.add("summary", "", "top_k", e.top_k);
  rows.add("summary", "", "top_k_right", e.top_k_right);
  rows.add("summary", "", "top_k_accuracy", e.top_k_accuracy);
  rows.add("summary", "", "loss", e.loss);
  rows.add("summary", "", "seconds", e.seconds);
  rows.add("summary", "", "nan_outputs", e.n_nan);
  rows.add("summary", "", "first_nan", e.first_nan);
  rows.add("summary", "", "calibration_error", e.calibration_error);
  for (const auto& [name, average] : {std::pair("macro", e.macro), std::pair("weighted", e.weighted)}) {
    rows.add("average", name, "precision", average.precision);
    rows.add("average", name, "recall", average.recall);
    rows.add("average", name, "f1", average.f1);
  }
}

void add_classes(CsvRows& rows, const Evaluation& evaluation) {
  for (size_t label = 0; label < evaluation.classes.size(); ++label) {
    const ClassScore& score = evaluation.classes[label];
    rows.add("class", label, "name", score.name);
    rows.add("class", label, "examples", score.examples);
    rows.add("class", label, "predicted", score.predicted);
    rows.add("class", label, "right", score.right);
    rows.add("class", label, "precision", score.precision);
    rows.add("class", label, "recall", score.recall);
    rows.add("class", label, "f1", score.f1);
    rows.add("class", label, "roc_area", score.roc_area);
    rows.add("class", label, "average_precision", score.average_precision);
  }
}

std::string write_csv(const Report& report) {
  const Evaluation& evaluation = report.evaluation;
  CsvRows rows;
  add_summary(rows, report);
  add_classes(rows, evaluation);
  for (size_t i = 0; i < evaluation.confusion.size(); ++i) {  // what is not there is 0
    const auto n = static_cast<size_t>(evaluation.n_classes);
    if (evaluation.confusion[i] > 0) rows.add("confusion", i / n, std::to_string(i % n), evaluation.confusion[i]);
  }
  for (size_t i = 0; i < evaluation.worst.size(); ++i) {
    const Mistake& mistake = evaluation.worst[i];
    rows.add("mistake", i + 1, "name", mistake.name);
    rows.add("mistake", i + 1, "example", mistake.example);
    rows.add("mistake", i + 1, "label", mistake.label);
    rows.add("mistake", i + 1, "prediction", mistake.prediction);
    rows.add("mistake", i + 1, "confidence", mistake.confidence);
    rows.add("mistake", i + 1, "label_confidence", mistake.label_confidence);
    rows.add("mistake", i + 1, "loss", mistake.loss);
  }
  return rows.take();
}

}  // namespace

const ReportFormat report_csv{".csv", "every number, in rows of table, row, column, value", write_csv};

}  // namespace hoarfrost::evaluation
