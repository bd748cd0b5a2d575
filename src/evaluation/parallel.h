// Work shared among threads that each keep state of their own.
#pragma once

#include <future>
#include <thread>
#include <vector>

namespace hoarfrost::evaluation {

// `threads`, or as many as the process may use for 0.
inline int thread_count(int threads) {
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

// Runs worker() on n_threads threads, this one among them; throws what one of them threw.
template <typename Worker>
void in_parallel(int n_threads, const Worker& worker) {
  std::vector<std::future<void>> others;
  for (int i = 1; i < n_threads; ++i) others.push_back(std::async(std::launch::async, [&] { worker(); }));
  worker();
  for (auto& other : others) other.get();
}

}  // namespace hoarfrost::evaluation
