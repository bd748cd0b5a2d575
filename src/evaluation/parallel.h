// Work shared among threads that each keep state of their own.
#pragma once

#include <future>
#include <vector>

namespace hoarfrost::evaluation {

// Runs worker() on n_threads threads, this one among them; throws what one of them threw.
template <typename Worker>
void in_parallel(int n_threads, const Worker& worker) {
  std::vector<std::future<void>> others;
  for (int i = 1; i < n_threads; ++i) others.push_back(std::async(std::launch::async, [&] { worker(); }));
  worker();
  for (auto& other : others) other.get();
}

}  // namespace hoarfrost::evaluation
