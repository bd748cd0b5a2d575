#include "runtime/threads.h"

#include <omp.h>
#include <sched.h>

#include <algorithm>

namespace hoarfrost::runtime {

int available_threads() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) != 0) return std::max(omp_get_num_procs(), 1);
  return std::max(CPU_COUNT(&set), 1);
}

ThreadCount::ThreadCount(int n) : before_(omp_get_max_threads()) {
  if (n != before_) omp_set_num_threads(n);
}

ThreadCount::~ThreadCount() {
  if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
}

}  // namespace hoarfrost::runtime
