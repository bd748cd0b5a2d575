#include "cli/profile.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/report.h"

namespace hoarfrost::cli {
namespace {

// A step's figures beside what the machine can do at most.
struct Row {
  const runtime::Step& step;
  double share;           // of the time of all steps
  double gflops, gbytes;  // per second
};

std::vector<Row> rows_of(const std::vector<runtime::Step>& steps) {
  double all = 0;
  for (const auto& step : steps) all += step.is_inner ? 0 : step.seconds;
  std::vector<Row> rows;
  for (const auto& step : steps)
    rows.push_back({step, step.seconds / all, step.n_flops / step.seconds * 1e-9, step.n_bytes / step.seconds * 1e-9});
  return rows;
}

// A step stands for many nodes; the first one's name is the last that was fused.
std::string short_name(const runtime::Step& step) {
  const auto n_more = std::ranges::count(step.name, '+');
  const std::string name = step.name.substr(0, step.name.find(" + "));
  return (step.is_inner ? "  " : "") + (n_more == 0 ? name : fmt::format("{} (+{})", name, n_more));
}

}  // namespace

Json profile_json(const std::vector<runtime::Step>& profile, const runtime::Peak& peak) {
  Json steps = Json::array();
  for (const auto& [step, share, gflops, gbytes] : rows_of(profile)) {
    steps.push_back({{"name", step.name},
                     {"implementation", step.implementation},
                     {"inner", step.is_inner},
                     {"microseconds", step.seconds * 1e6},
                     {"share", share},
                     {"gflops", gflops},
                     {"gbytes_per_second", gbytes}});
  }
  return {{"steps", steps},
          {"peak", {{"gflops", peak.flops_per_second * 1e-9}, {"gbytes_per_second", peak.bytes_per_second * 1e-9}}}};
}

std::string profile_text(const std::vector<runtime::Step>& profile, const runtime::Peak& peak) {
  std::vector<std::vector<std::string>> cells;
  for (const auto& [step, share, gflops, gbytes] : rows_of(profile)) {
    const bool is_arithmetic = step.n_flops > 0;
    cells.push_back({short_name(step), step.implementation, fmt::format("{:.1f}", step.seconds * 1e6),
                     fmt::format("{:.1f}", share * 100), is_arithmetic ? fmt::format("{:.1f}", gflops) : "",
                     is_arithmetic ? fmt::format("{:.0f}", gflops * 1e11 / peak.flops_per_second) : "",
                     step.n_bytes > 0 ? fmt::format("{:.1f}", gbytes) : ""});
  }
  return table({"step", "implementation", "µs", "%", "GFLOP/s", "% of peak", "GB/s"}, cells) +
         fmt::format(
             "\nThis machine at most: {:.0f} GFLOP/s (multiply-adds on registers), {:.1f} GB/s (reading memory; caches "
             "are faster).\n"
             "GFLOP/s count the definition's operations: Winograd does fewer, and may pass the peak.\n",
             peak.flops_per_second * 1e-9, peak.bytes_per_second * 1e-9);
}

}  // namespace hoarfrost::cli
