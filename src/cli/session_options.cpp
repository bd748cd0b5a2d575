#include "cli/session_options.h"

#include <string>

#include "cli/numbers.h"

namespace hoarfrost::cli {
namespace {

const CLI::Validator kPrecision(
    [](const std::string& text) {
      return text == "f32" || text == "bf16" ? std::string() : "expected f32 or bf16, found `" + text + "`";
    },
    "PRECISION");

}  // namespace

void add_session_options(CLI::App& app, runtime::Options& options) {
  app.add_option("-t,--threads", options.threads, "Threads; 0: all that the process may use")
      ->capture_default_str()
      ->check(kNotNegative);
  app.add_option_function<std::string>(
         "--precision",
         [&options](const std::string& text) {
           options.precision = text == "bf16" ? runtime::Precision::kBFloat16 : runtime::Precision::kFloat32;
         },
         "f32, or bf16: convolutions and dense layers on bfloat16, where the processor has it; faster, 8 significant "
         "bits")
      ->check(kPrecision)
      ->default_str("f32");
  app.add_option("--tuning", options.tuning_file,
                 "Keep here which layouts, slices and algorithms were fastest, and take them from here without trying "
                 "the next time");
}

}  // namespace hoarfrost::cli
