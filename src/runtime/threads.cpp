#include "runtime/threads.h"

#include <omp.h>

namespace hoarfrost::runtime {

ThreadCount::ThreadCount(int n) : before_(omp_get_max_threads()) {
  if (n != before_) omp_set_num_threads(n);
}

ThreadCount::~ThreadCount() {
  if (omp_get_max_threads() != before_) omp_set_num_threads(before_);
}

}  // namespace hoarfrost::runtime
