#include "base/processors.h"

#include <sched.h>

#include <algorithm>
#include <thread>

namespace hoarfrost {

int thread_count(int asked) {
  if (asked > 0) return asked;
  cpu_set_t set;
  // More processors than the set has bits for: all that there are.
  if (::sched_getaffinity(0, sizeof(set), &set) != 0)
    return std::max(static_cast<int>(std::thread::hardware_concurrency()), 1);
  return std::max(CPU_COUNT(&set), 1);
}

}  // namespace hoarfrost
