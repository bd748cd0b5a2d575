// Whether a run is long enough for the runtime to try layouts and algorithms against the clock first.
#pragma once

#include <cstdint>

namespace hoarfrost::evaluation {

// Trying takes as long as some tens of batches.
constexpr bool is_worth_tuning(int64_t n_examples, int64_t batch_size) { return batch_size > 0 && n_examples / batch_size >= 50; }

}  // namespace hoarfrost::evaluation
