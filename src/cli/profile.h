// What each step of a plan takes, beside what the machine can do at most.
#pragma once

#include <hoarfrost/runtime.h>

#include <string>
#include <vector>

#include "cli/report.h"

namespace hoarfrost::cli {

// {"steps": [{name, implementation, inner, microseconds, share, gflops, gbytes_per_second}], "peak": {gflops,
// gbytes_per_second}}
Json profile_json(const std::vector<runtime::Step>& profile, const runtime::Peak& peak);
// A table, with a line that says what the machine can do.
std::string profile_text(const std::vector<runtime::Step>& profile, const runtime::Peak& peak);

}  // namespace hoarfrost::cli
