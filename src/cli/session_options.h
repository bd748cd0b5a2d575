// The options by which every command that runs a graph says how.
#pragma once

#include <hoarfrost/runtime.h>

#include <CLI/CLI.hpp>

namespace hoarfrost::cli {

// --threads, --precision, --tuning.
void add_session_options(CLI::App& app, runtime::Options& options);

}  // namespace hoarfrost::cli
