// The formats of reports, each in its file, and what they share.
#pragma once

#include <hoarfrost/report.h>

#include <vector>

namespace hoarfrost::evaluation {

#define HOARFROST_REPORT(file) extern const ReportFormat report_##file;
#include "evaluation/reports/reports.def"
#undef HOARFROST_REPORT

// A label taken for another class, and how often.
struct Confusion {
  int64_t label = 0;
  int64_t prediction = 0;
  int64_t examples = 0;
};
// The n most frequent ones, the most frequent first.
std::vector<Confusion> most_frequent_confusions(const Evaluation& evaluation, size_t n);

// Wilson's score interval of a part `right` of `n` at 95 %: Wilson 1927, "Probable inference, the law of succession,
// and statistical inference".
struct Interval {
  double low = 0;
  double high = 1;
};
Interval wilson_interval(int64_t right, int64_t n);

// "cat", or its label where the set gives no names.
const std::string& class_name(const Evaluation& evaluation, int64_t label);

}  // namespace hoarfrost::evaluation
