#include "evaluation/names.h"

#include <fmt/format.h>
#include <hoarfrost/error.h>

#include <algorithm>

namespace hoarfrost::evaluation {

void expect_names_fit(const data::DataSet& examples, int64_t n_classes) {
  const auto& names = examples.class_names();
  if (names.empty() || static_cast<int64_t>(names.size()) == n_classes) return;
  std::string some;
  for (size_t i = 0; i < std::min<size_t>(names.size(), 3); ++i) some += (i == 0 ? "" : ", ") + names[i];
  throw Error(
      ErrorCode::kMismatch, "",
      fmt::format("expected a data set of {} classes, as the model has outputs, found {} ({}{}); class i must be "
                  "what output i means",
                  n_classes, names.size(), some, names.size() > 3 ? ", …" : ""));
}

void add_names(Evaluation& evaluation, const Statistics& statistics, const data::DataSet& examples) {
  const auto& names = examples.class_names();
  for (size_t i = 0; i < std::min(names.size(), evaluation.classes.size()); ++i) evaluation.classes[i].name = names[i];
  for (Mistake& mistake : evaluation.worst) mistake.name = examples.example_name(mistake.example);
  if (const auto first = statistics.first_nan()) evaluation.first_nan = examples.example_name(*first);
}

}  // namespace hoarfrost::evaluation
