#include <hoarfrost/data.h>

#include <algorithm>
#include <limits>

#include "data/ordered.h"

namespace hoarfrost::data {
namespace {

constexpr int64_t kMostBytes = 48 << 20;
constexpr int64_t kMostBatches = 8;

int64_t window_of(const DataSet& examples, int64_t batch_size) {
  const ExampleFormat& format = examples.format();
  const int64_t n_bytes =
      format.shape.n_elements() * static_cast<int64_t>(std::max<size_t>(dtype_size(format.dtype), 1));
  return std::clamp<int64_t>(kMostBytes / std::max<int64_t>(n_bytes * std::min(batch_size, examples.size()), 1), 1,
                             kMostBatches);
}

}  // namespace

struct Prefetcher::State {
  Ordered<Batch> batches;
};

Prefetcher::Prefetcher(DataSet& examples, int64_t batch_size)
    : state_(new State{{1, window_of(examples, batch_size), 0, std::numeric_limits<int64_t>::max(),
                        [&examples, batch_size](int64_t) { return examples.next(batch_size); }}}) {}
Prefetcher::~Prefetcher() = default;

Batch Prefetcher::next() { return state_->batches.next().value_or(Batch{}); }

}  // namespace hoarfrost::data
