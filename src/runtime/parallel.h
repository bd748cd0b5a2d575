// Loops over OpenMP's threads, which are oneDNN's too.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

namespace hoarfrost::runtime {

// Calls f(thread, first, last) for each thread's part of [0, n), whatever memory it touches: for jobs that are long,
// and that need memory of their thread's own. Within another parallel region there is one thread, number 0.
template <typename F>
void parallel_parts_numbered(int64_t n, F&& f) {
  const int64_t n_threads = omp_in_parallel() ? 1 : std::min<int64_t>(omp_get_max_threads(), n);
  if (n_threads <= 1) {
    if (n > 0) f(int64_t{0}, int64_t{0}, n);
    return;
  }
#pragma omp parallel num_threads(static_cast <int>(n_threads))
  {
    const int64_t i = omp_get_thread_num();
    const int64_t of = omp_get_num_threads();
    const int64_t first = n * i / of;
    const int64_t last = n * (i + 1) / of;
    if (first < last) f(i, first, last);
  }
}

// Calls f(first, last) for each thread's part of [0, n); by one thread alone when all of it touches only few bytes
// of memory, for waking the others would take longer.
template <typename F>
void parallel_parts(int64_t n, int64_t n_bytes, F&& f) {
  constexpr int64_t kBytesWorthIt = 64 << 10;
  if (n_bytes < kBytesWorthIt) {
    if (n > 0) f(int64_t{0}, n);
    return;
  }
  parallel_parts_numbered(n, [&](int64_t, int64_t first, int64_t last) { f(first, last); });
}

}  // namespace hoarfrost::runtime
