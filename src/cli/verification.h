// What freeze and verify share: the flags of the proof, and how it is told.
#pragma once

#include <hoarfrost/evaluation.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/report.h"

namespace hoarfrost::cli {

struct VerifyFlags {
  uint64_t seed = 0;
  double budget_seconds = 1;
  bool exhaustive = false;
  int threads = 0;
  [[nodiscard]] evaluation::VerifyOptions options() const;
};
void add_verify_flags(CLI::App& app, VerifyFlags& flags);

// Notes the layers whose weights are NaN or infinite, and gives their names.
std::vector<std::string> note_nan_weights(const keras::Lowered& lowered);

// "Verified: 11 layers against their definitions in double precision, largest error 1.2e-07 (layer `dense`)."
std::string proof_text(const evaluation::Verification& proof);
// The first layer that diverges, with its element.
std::string divergence_text(const evaluation::Verification& proof);
Json to_json(const evaluation::Verification& proof);

}  // namespace hoarfrost::cli
