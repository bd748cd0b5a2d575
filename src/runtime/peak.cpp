// The machine's own limits, measured: what a step's figures are held against.
#include <hoarfrost/runtime.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "base/processors.h"
#include "runtime/kernels/simd.h"
#include "runtime/parallel.h"
#include "runtime/threads.h"

namespace hoarfrost::runtime {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kLanes = 16;
constexpr int64_t kChains = 12;  // independent sums: enough to hide the latency of a multiply-add

// Multiply-adds on registers alone.
HOARFROST_LOOP(multiply_add, (float* sums, int64_t n_rounds), (sums, n_rounds)) {
  float chains[kChains][kLanes];
  for (int64_t c = 0; c < kChains; ++c) {
    for (int64_t i = 0; i < kLanes; ++i) chains[c][i] = sums[i];
  }
  for (int64_t round = 0; round < n_rounds; ++round) {
    for (int64_t c = 0; c < kChains; ++c) {
      for (int64_t i = 0; i < kLanes; ++i) chains[c][i] = chains[c][i] * 0.999F + 0.001F;
    }
  }
  for (int64_t c = 0; c < kChains; ++c) {
    for (int64_t i = 0; i < kLanes; ++i) sums[i] += chains[c][i];
  }
}

HOARFROST_LOOP(sum_up, (const float* x, int64_t n, float* sums), (x, n, sums)) {
  float partial[4][kLanes] = {};
  for (int64_t i = 0; i + 4 * kLanes <= n; i += 4 * kLanes) {
    for (int64_t c = 0; c < 4; ++c) {
      for (int64_t lane = 0; lane < kLanes; ++lane) partial[c][lane] += x[i + c * kLanes + lane];
    }
  }
  for (int64_t c = 0; c < 4; ++c) {
    for (int64_t lane = 0; lane < kLanes; ++lane) sums[lane] += partial[c][lane];
  }
}

template <typename F>
double shortest_seconds(F&& f) {
  constexpr int kRounds = 5;
  double best = 1e9;
  for (int i = 0; i < kRounds; ++i) {
    const auto start = Clock::now();
    f();
    best = std::min(best, std::chrono::duration<double>(Clock::now() - start).count());
  }
  return best;
}

}  // namespace

Peak measure_peak(int threads) {
  const int n = thread_count(threads);
  const ThreadCount count(n);
  constexpr int64_t kRounds = 200'000;
  constexpr int64_t kFloats = 32 << 20;  // 128 MiB: more than caches hold
  std::vector<float> sums(static_cast<size_t>(n * kLanes), 0.5F);
  const std::vector<float> memory(kFloats, 1.0F);
  const double arithmetic = shortest_seconds([&] {
    parallel_parts_numbered(n, [&](int64_t i, int64_t, int64_t) { multiply_add(sums.data() + i * kLanes, kRounds); });
  });
  const double reading = shortest_seconds([&] {
    parallel_parts_numbered(kFloats, [&](int64_t i, int64_t first, int64_t last) {
      sum_up(memory.data() + first, last - first, sums.data() + i * kLanes);
    });
  });
  return {2.0 * kLanes * kChains * kRounds * n / arithmetic, kFloats * 4.0 / reading};
}

}  // namespace hoarfrost::runtime
