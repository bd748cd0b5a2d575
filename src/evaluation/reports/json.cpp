// The report as one JSON object: every number of the page, unrounded. Numbers that do not exist are null.
#include <nlohmann/json.hpp>

#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation {
namespace {

using Json = nlohmann::ordered_json;

Json averages(const AverageScore& score) {
  return {{"precision", score.precision}, {"recall", score.recall}, {"f1", score.f1}};
}

Json classes(const Evaluation& evaluation) {
  Json list = Json::array();
  for (size_t label = 0; label < evaluation.classes.size(); ++label) {
    const ClassScore& score = evaluation.classes[label];
    list.push_back({{"label", label},
                    {"name", score.name},
                    {"examples", score.examples},
                    {"predicted", score.predicted},
                    {"right", score.right},
                    {"precision", score.precision},
                    {"recall", score.recall},
                    {"f1", score.f1},
                    {"roc_area", score.roc_area},
                    {"average_precision", score.average_precision}});
  }
  return list;
}

Json confusion(const Evaluation& evaluation) {
  if (evaluation.confusion.empty()) return nullptr;
  Json rows = Json::array();
  for (int64_t label = 0; label < evaluation.n_classes; ++label) {
    const auto first = evaluation.confusion.begin() + label * evaluation.n_classes;
    rows.push_back(std::vector<int64_t>(first, first + evaluation.n_classes));
  }
  return rows;
}

Json worst(const Evaluation& evaluation) {
  Json list = Json::array();
  for (const Mistake& mistake : evaluation.worst) {
    list.push_back({{"example", mistake.example},
                    {"name", mistake.name},
                    {"label", mistake.label},
                    {"prediction", mistake.prediction},
                    {"confidence", mistake.confidence},
                    {"label_confidence", mistake.label_confidence},
                    {"loss", mistake.loss}});
  }
  return list;
}

Json reliability(const Evaluation& evaluation) {
  Json list = Json::array();
  const auto n = static_cast<double>(evaluation.reliability.size());
  for (size_t i = 0; i < evaluation.reliability.size(); ++i) {
    const ReliabilityBin& bin = evaluation.reliability[i];
    const auto examples = static_cast<double>(bin.examples);
    list.push_back({{"from", static_cast<double>(i) / n},
                    {"to", static_cast<double>(i + 1) / n},
                    {"examples", bin.examples},
                    {"right", bin.right},
                    {"confidence", bin.examples == 0 ? Json(nullptr) : Json(bin.confidence_sum / examples)}});
  }
  return list;
}

Json points(const std::vector<Point>& curve) {
  Json list = Json::array();
  for (const Point& point : curve) list.push_back({point.x, point.y});
  return list;
}

std::string write_json(const Report& report) {
  const Evaluation& e = report.evaluation;
  const Json json{{"model", report.model},
                  {"data", report.data},
                  {"data_kind", report.data_kind},
                  {"examples", e.examples},
                  {"right", e.right},
                  {"accuracy", e.accuracy},
                  {"top_k", e.top_k},
                  {"top_k_right", e.top_k_right},
                  {"top_k_accuracy", e.top_k_accuracy},
                  {"loss", e.loss},
                  {"seconds", e.seconds},
                  {"nan_outputs", e.n_nan},
                  {"first_nan", e.n_nan == 0 ? Json(nullptr) : Json(e.first_nan)},
                  {"macro", averages(e.macro)},
                  {"weighted", averages(e.weighted)},
                  {"calibration_error", e.calibration_error},
                  {"classes", classes(e)},
                  {"confusion", confusion(e)},
                  {"worst", worst(e)},
                  {"reliability", reliability(e)},
                  {"pooled_roc", points(roc_curve(e.pooled.yes, e.pooled.no))},
                  {"pooled_precision_recall", points(precision_recall_curve(e.pooled.yes, e.pooled.no))},
                  {"coverage", points(coverage_curve(e.confidence))}};
  // Names of files need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

const ReportFormat report_json{".json", "every number, as one JSON object", write_json};

}  // namespace hoarfrost::evaluation
