// An evaluation written down, for people and for programs.
#pragma once

#include <hoarfrost/statistics.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace hoarfrost::evaluation {

struct Report {
  std::string model;  // as people call it: the file's name
  std::string data;
  std::string data_kind;  // "CIFAR-10"
  Evaluation evaluation;
};

// A format is the ending of the files that hold it.
struct ReportFormat {
  std::string_view ending;  // ".html"
  std::string_view what;    // one line for --help
  std::string (*write)(const Report& report);
};
std::vector<const ReportFormat*> report_formats();
// By the path's ending, whatever its case; nullptr for one that is none.
const ReportFormat* report_format(const std::filesystem::path& path);
// Throws Error{kInvalidArgument} for an ending that is none, Error{kIo}.
void write_report(const std::filesystem::path& path, const Report& report);
// What a .txt holds.
std::string report_as_text(const Report& report);

}  // namespace hoarfrost::evaluation
