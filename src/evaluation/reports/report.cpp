// The table of formats.
#include <fmt/format.h>
#include <hoarfrost/error.h>
#include <hoarfrost/file.h>
#include <hoarfrost/report.h>

#include <algorithm>

#include "evaluation/reports/formats.h"

namespace hoarfrost::evaluation {

std::vector<const ReportFormat*> report_formats() {
  return {
#define HOARFROST_REPORT(file) &report_##file,
#include "evaluation/reports/reports.def"
#undef HOARFROST_REPORT
  };
}

const ReportFormat* report_format(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (ending == ".htm") ending = ".html";
  const auto formats = report_formats();
  const auto found = std::ranges::find(formats, ending, &ReportFormat::ending);
  return found == formats.end() ? nullptr : *found;
}

void write_report(const std::filesystem::path& path, const Report& report) {
  const ReportFormat* format = report_format(path);
  if (format == nullptr) {
    std::string endings;
    for (const ReportFormat* known : report_formats())
      endings += fmt::format("{}{}", endings.empty() ? "" : ", ", known->ending);
    throw Error(ErrorCode::kInvalidArgument, path.string(),
                fmt::format("expected a report's name to end in one of {}", endings));
  }
  write_file(path, format->write(report));
}

std::string report_as_text(const Report& report) { return report_text.write(report); }

}  // namespace hoarfrost::evaluation
