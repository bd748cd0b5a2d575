// Two graphs on the same random input: what optimize proves its passes by.
#pragma once

#include <hoarfrost/evaluation.h>

#include <cstdint>
#include <string>
#include <vector>

namespace hoarfrost::evaluation {

// Two graphs that should be one function, such as before and after a rewrite.
struct EquivalenceOptions {
  uint64_t seed = 0;
  int64_t batch = 2;  // where the inputs' batch is open
  int threads = 0;
  std::vector<std::string> nchw_inputs;  // of the second: they take the first's values with the channels first
};

// Runs both on the same random input and compares the outputs, which have as many and the same order. Inputs of `after`
// are those of `before` by name, or by place where their names are not found; `before` may have more, if they are
// boolean: they are fed false. What rounding explains is measured: how far the first carries a rounding of its inputs.
// Throws Error{kMismatch} where inputs or outputs do not correspond, Error{kUnsupported} for what the runtime cannot
// run.
std::vector<Comparison> compare_graphs(const Model& before, const Model& after, const EquivalenceOptions& options = {});

}  // namespace hoarfrost::evaluation
