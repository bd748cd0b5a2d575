// How many threads OpenMP, and with it oneDNN, uses.
#pragma once

namespace hoarfrost::runtime {

// While it lives, the calling thread's parallel regions have `n` threads.
class ThreadCount {
 public:
  explicit ThreadCount(int n);
  ~ThreadCount();
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

}  // namespace hoarfrost::runtime
